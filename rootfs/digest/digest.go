// Package digest holds the SHA-256 sums by which images, layers and blobs are known.
package digest

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Digest is a SHA-256 sum. Its zero value is none.
type Digest [sha256.Size]byte

const prefix = "sha256:"

// Parse reads "sha256:" and 64 lower-case hexadecimal digits, the one form that OCI
// has of a sum. The error is an *Error.
func Parse(s string) (Digest, error) {
	digits, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return Digest{}, &Error{Text: s, Err: ErrAlgorithm, Hint: "write sha256: and 64 hexadecimal digits"}
	}
	return FromHex(digits)
}

// FromHex reads the 64 digits alone.
func FromHex(s string) (d Digest, err error) {
	if len(s) != hex.EncodedLen(len(d)) || !IsHex(s) {
		return Digest{}, &Error{Text: s, Err: ErrSyntax, Hint: "write 64 digits and letters of 0 to 9 and a to f"}
	}
	_, _ = hex.Decode(d[:], []byte(s)) // the digits were looked at
	return d, nil
}

// IsHex says whether s has lower-case hexadecimal digits alone.
func IsHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// Of sums b up.
func Of(b []byte) Digest { return sha256.Sum256(b) }

// Hex is the digits alone.
func (d Digest) Hex() string { return hex.EncodeToString(d[:]) }

// String is what Parse reads; "" for none.
func (d Digest) String() string {
	if d.IsZero() {
		return ""
	}
	return prefix + d.Hex()
}

// IsZero says whether it is none.
func (d Digest) IsZero() bool { return d == Digest{} }

// MarshalText is String, for JSON.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText gives.
func (d *Digest) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*d = Digest{}
		return nil
	}
	*d, err = Parse(string(b))
	return err
}
