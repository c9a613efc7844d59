package audit

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const privatePrefix = "PRIVATE+KEY+"

// key signs heads and checkpoints, and knows its own signatures.
type key struct {
	note.Signer
	own note.Verifiers
}

// GenerateKey makes an Ed25519 key pair, in the form of
// golang.org/x/mod/sumdb/note: the private one is for Options.Key, the public one
// for VerifyOptions.Keys.
func GenerateKey(name string) (private, public string, err error) {
	private, public, err = note.GenerateKey(rand.Reader, name)
	if err == nil {
		_, err = note.NewVerifier(public)
	}
	if err != nil || plain(name) != name {
		return "", "", &Error{Object: "key " + plain(name), Err: ErrKeyName, Hint: "use letters, digits, points and dashes, as in a host's name"}
	}
	return private, public, nil
}

// readKey reads a private key.
func readKey(text string) (*key, error) {
	text = strings.TrimSpace(text)
	s, err := note.NewSigner(text)
	if err != nil {
		if _, e := note.NewVerifier(text); e == nil {
			return nil, &Error{Object: "key", Err: ErrPublicKey, Hint: "its file has no .pub at its end"}
		}
		return nil, &Error{Object: "key", Err: ErrKey, Hint: "jail audit key makes one"}
	}
	public, err := publicOf(text, s.Name())
	if err != nil {
		return nil, &Error{Object: "key", Err: ErrKey, Hint: "jail audit key makes one"}
	}
	return &key{s, note.VerifierList(public)}, nil
}

// publicOf finds the public key in a private one: its text ends with the seed.
func publicOf(text, name string) (note.Verifier, error) {
	const parts = 5 // PRIVATE, KEY, name, hash and data, which may hold a plus sign too
	data, err := base64.StdEncoding.DecodeString(strings.SplitN(text, "+", parts)[parts-1])
	if err == nil {
		public, _ := ed25519.NewKeyFromSeed(data[1:]).Public().(ed25519.PublicKey) // note has looked at its form
		text, err = note.NewEd25519VerifierKey(name, public)
	}
	if err != nil {
		return nil, err
	}
	return note.NewVerifier(text)
}

// ReadPublicKey reads a public key.
func ReadPublicKey(text string) (note.Verifier, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, privatePrefix) {
		return nil, &Error{Object: "key", Err: ErrPrivateKey, Hint: "name the .pub beside it, and keep this one from where logs are read"}
	}
	v, err := note.NewVerifier(text)
	if err != nil {
		return nil, &Error{Object: "key", Err: ErrKey, Hint: "name the .pub that jail audit key has made"}
	}
	return v, nil
}
