package image

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/jailrun/jail/internal/escape"
	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sys/unix"
)

// signatureFile is where the signature of an OCI layout may stand in it. That of any
// file or layout may stand beside it, with the end signatureEnd.
const (
	signatureFile = "jail.sig"
	signatureEnd  = ".sig"
	mostSignature = 64 << 10
)

// Sign writes PATH.sig: a note (golang.org/x/mod/sumdb/note) of one line, the digest of
// what is at path, signed by a private key. Of an OCI layout that is the digest by
// which index.json names the image, be it of a manifest or of an index for several
// machines; of any other file that of the file. It gives the digest and the file's name.
func Sign(path, key string, ref string) (digest.Digest, string, error) {
	s, err := note.NewSigner(strings.TrimSpace(key))
	if err != nil {
		return digest.Digest{}, "", &Error{Op: "sign by", Object: "the key", Err: ErrKey, Hint: "jail audit key makes one; its private half has no .pub at its end"}
	}
	d, err := signed(path, ref)
	if err != nil {
		return digest.Digest{}, "", fail("sign", path, err)
	}
	text, err := note.Sign(&note.Note{Text: d.String() + "\n"}, s)
	if err != nil {
		return digest.Digest{}, "", fail("sign", path, err)
	}
	to := strings.TrimRight(path, "/") + signatureEnd
	out, err := safepath.OpenOutput(to, nil)
	if err == nil {
		_, err = out.Write(text)
		if e := out.Close(); err == nil {
			err = e
		}
	}
	return d, to, fail("write", to, err)
}

// signed is the digest that stands for what is at path.
func signed(path, ref string) (digest.Digest, error) {
	place, err := safepath.Find(path, nil)
	if err != nil {
		return digest.Digest{}, err
	}
	defer place.Close()
	dir, err := safepath.Beneath(int(place.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err == nil {
		defer dir.Close()
		return ofLayout(&folderFiles{dir}, ref)
	}
	f, err := safepath.OpenInput(path, nil)
	if err != nil {
		return digest.Digest{}, err
	}
	defer f.Close()
	if t, err := index(f, false); err == nil && t != nil && t.has(layoutFile) && t.has(indexFile) {
		return ofLayout(t, ref)
	}
	return sumFile(f)
}

// ofLayout is the digest of the first of its chain.
func ofLayout(from files, ref string) (digest.Digest, error) {
	if !from.has(layoutFile) {
		return digest.Digest{}, ErrKind
	}
	l := &layout{from: from, want: Platform{}.orThis(), ref: ref}
	if _, err := l.manifest(); err != nil {
		return digest.Digest{}, err
	}
	return l.chain[0], nil
}

// signatureBeside reads PATH.sig.
func signatureBeside(path string) func() ([]byte, error) {
	return func() ([]byte, error) {
		f, err := safepath.OpenInput(strings.TrimRight(path, "/")+signatureEnd, nil)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, mostSignature))
	}
}

// signatureOf reads PATH.sig, or else the signature in an image.
func signatureOf(from files, path string) func() ([]byte, error) {
	return func() ([]byte, error) {
		b, err := signatureBeside(path)()
		if errors.Is(err, unix.ENOENT) && from.has(signatureFile) {
			return readAll(from, signatureFile)
		}
		return b, err
	}
}

// checkSignature holds a signature to a key and to one of the digests by which what is
// imported can be named.
func checkSignature(key string, read func() ([]byte, error), of ...digest.Digest) error {
	v, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return &Error{Op: "check", Object: "the key", Err: ErrKey, Hint: "name the .pub that jail audit key has made"}
	}
	text, err := read()
	if errors.Is(err, unix.ENOENT) || errors.Is(err, os.ErrNotExist) {
		return ErrUnsigned
	}
	if err != nil {
		return err
	}
	n, err := note.Open(text, note.VerifierList(v))
	if err != nil {
		return ErrSignature
	}
	for _, d := range of {
		if n.Text == d.String()+"\n" {
			return nil
		}
	}
	return &Error{Op: "check", Object: "the signature", Err: ErrSignature, Hint: "it is of " + escape.Name(strings.TrimSpace(n.Text)) + ", and this is " + of[0].String()}
}
