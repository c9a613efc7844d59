package cache

import (
	"encoding/hex"
	"hash"
	"strings"
)

// A Digest names a file by its content: "sha256:" and 64 digits, as images have
// them.
type Digest string

const algorithm = "sha256:"

// ParseDigest takes a digest from who is not to be trusted with a name.
func ParseDigest(s string) (Digest, error) {
	d := Digest(s)
	if _, err := d.name(); err != nil {
		return "", fail("read the digest", s, err)
	}
	return d, nil
}

// name is the digest's file: never anything but 64 digits.
func (d Digest) name() (string, error) {
	digits, ok := strings.CutPrefix(string(d), algorithm)
	if !ok || !isName(digits) {
		return "", ErrBadDigest
	}
	return digits, nil
}

func isName(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

func digestOf(h hash.Hash) Digest { return Digest(algorithm + hex.EncodeToString(h.Sum(nil))) }
