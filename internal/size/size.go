// Package size parses and prints amounts of bytes.
//
// There is one way to write an amount: digits and at most one suffix, each a
// power of 1024, as the kernel and the shells count. The spellings that people
// read as either 1000 or 1024 (64MB) are refused, since a limit that is off by
// seven per cent is found by nobody.
package size

import (
	"math"
	"strconv"
	"strings"
)

// Bytes is an amount of bytes.
type Bytes int64

// Powers of 1024.
const (
	KiB Bytes = 1 << 10
	MiB Bytes = 1 << 20
	GiB Bytes = 1 << 30
	TiB Bytes = 1 << 40
)

// units is every suffix, the largest first, so that the first that divides an
// amount gives its shortest form.
var units = [...]struct {
	letter byte
	shift  uint
	zeros  string // of the same suffix read as a power of 1000
}{
	{'T', 40, "000000000000"},
	{'G', 30, "000000000"},
	{'M', 20, "000000"},
	{'K', 10, "000"},
}

// Parse reads digits followed by nothing or B (bytes), or by K, M, G, T or
// KiB, MiB, GiB, TiB (powers of 1024). No sign, fraction or space. The error
// is an *Error.
func Parse(s string) (Bytes, error) {
	digits, suffix := split(s)
	switch {
	case s == "":
		return 0, &Error{Text: s, Err: ErrEmpty, Hint: "write 64M or a number of bytes"}
	case s[0] == '-':
		return 0, &Error{Text: s, Err: ErrNegative, Hint: "write an amount of 0 or more"}
	case digits == "":
		return 0, &Error{Text: s, Err: ErrSyntax, Hint: "write digits and K, M, G or T, as 64M"}
	}
	shift, err := shiftOf(s, digits, suffix)
	if err != nil {
		return 0, err
	}
	n, numErr := strconv.ParseInt(digits, 10, 64)
	if numErr != nil || n > math.MaxInt64>>shift {
		return 0, &Error{Text: s, Err: ErrOverflow, Hint: "the largest amount is 9223372036854775807"}
	}
	return Bytes(n << shift), nil
}

// split cuts s behind its leading ASCII digits.
func split(s string) (digits, suffix string) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return s[:i], s[i:]
}

// shiftOf turns a suffix to a power of two.
func shiftOf(s, digits, suffix string) (uint, error) {
	if suffix == "" || suffix == "B" {
		return 0, nil
	}
	for _, u := range units {
		if suffix[0]|0x20 != u.letter|0x20 {
			continue
		}
		letter := string(u.letter)
		switch {
		case suffix == letter, suffix == letter+"iB":
			return u.shift, nil
		case strings.EqualFold(suffix, letter+"B"):
			return 0, &Error{Text: s, Err: ErrAmbiguous, Hint: "write " + digits + letter + " or " + digits + letter +
				"iB (" + digits + " × 2^" + strconv.Itoa(int(u.shift)) + ") or " + digits + u.zeros + " bytes"}
		case strings.EqualFold(suffix, letter), strings.EqualFold(suffix, letter+"i"), strings.EqualFold(suffix, letter+"iB"):
			return 0, &Error{Text: s, Err: ErrSyntax, Hint: "write " + digits + letter}
		}
	}
	return 0, &Error{Text: s, Err: ErrSyntax, Hint: "write whole digits and K, M, G or T, as 64M or 1536K"}
}

// String is the shortest form that Parse reads back to the same amount:
// "64M", "1536K", "1000". A negative amount, which Parse refuses, is printed
// in plain digits.
func (b Bytes) String() string { return string(b.append(nil)) }

// Words is String's form for a sentence: "64M", "1000 bytes".
func (b Bytes) Words() string {
	s := b.String()
	if s[len(s)-1] <= '9' {
		s += " bytes"
	}
	return s
}

func (b Bytes) append(dst []byte) []byte {
	for _, u := range units {
		if b > 0 && b&(1<<u.shift-1) == 0 {
			return append(strconv.AppendInt(dst, int64(b>>u.shift), 10), u.letter)
		}
	}
	return strconv.AppendInt(dst, int64(b), 10)
}

// AppendText appends String's form. A negative amount is an *Error, since
// nothing could read it back.
func (b Bytes) AppendText(dst []byte) ([]byte, error) {
	if b < 0 {
		return dst, &Error{Text: strconv.FormatInt(int64(b), 10), Err: ErrNegative, Hint: "only an amount of 0 or more can be written"}
	}
	return b.append(dst), nil
}

// MarshalText is AppendText to a new slice.
func (b Bytes) MarshalText() ([]byte, error) { return b.AppendText(nil) }

// UnmarshalText is Parse. On an error b keeps its value.
func (b *Bytes) UnmarshalText(text []byte) error {
	n, err := Parse(string(text))
	if err == nil {
		*b = n
	}
	return err
}
