package meter

import (
	"math/big"
	"math/bits"
	"strconv"
)

// sum is an exact sum of records' figures, in words of 64 bits, the lowest
// first. A figure has two words, and no file has 2^64 records.
type sum [3]uint64

func (s *sum) add(x sum) {
	var carry uint64
	s[0], carry = bits.Add64(s[0], x[0], 0)
	s[1], carry = bits.Add64(s[1], x[1], carry)
	s[2], _ = bits.Add64(s[2], x[2], carry)
}

// less subtracts x, and gives zero where x is more.
func (s sum) less(x sum) (d sum) {
	var borrow uint64
	d[0], borrow = bits.Sub64(s[0], x[0], 0)
	d[1], borrow = bits.Sub64(s[1], x[1], borrow)
	d[2], borrow = bits.Sub64(s[2], x[2], borrow)
	if borrow != 0 {
		return sum{}
	}
	return d
}

func (s sum) isZero() bool { return s == sum{} }

// times multiplies two figures of one word.
func times(x, y uint64) sum {
	hi, lo := bits.Mul64(x, y)
	return sum{lo, hi}
}

// over divides by one word, and gives the largest int64 where the quotient is
// more.
func (s sum) over(d uint64) int64 {
	q := new(big.Int).Quo(s.big(), new(big.Int).SetUint64(d))
	if !q.IsInt64() {
		return 1<<63 - 1
	}
	return q.Int64()
}

// int64 is the sum, or the largest int64 where it is more.
func (s sum) int64() int64 {
	if s[1] != 0 || s[2] != 0 || s[0] > 1<<63-1 {
		return 1<<63 - 1
	}
	return int64(s[0])
}

// append writes decimal digits.
func (s sum) append(b []byte) []byte {
	if s[1] == 0 && s[2] == 0 {
		return strconv.AppendUint(b, s[0], 10)
	}
	return s.big().Append(b, 10)
}

func (s sum) String() string { return string(s.append(nil)) }

func (s sum) big() *big.Int {
	n := new(big.Int).SetUint64(s[2])
	for _, word := range [...]uint64{s[1], s[0]} {
		n.Or(n.Lsh(n, 64), new(big.Int).SetUint64(word))
	}
	return n
}

// digits reads decimal digits of at most width words of 64 bits.
func digits(text []byte, width int) (s sum, ok bool) {
	for _, c := range text {
		if c < '0' || c > '9' || !s.shift(uint64(c-'0')) {
			return sum{}, false
		}
	}
	for _, word := range s[width:] {
		ok = ok || word != 0
	}
	return s, !ok && len(text) > 0
}

// shift makes room for one more digit.
func (s *sum) shift(digit uint64) bool {
	if s[1]|s[2] == 0 && s[0] < 1<<59 {
		s[0] = s[0]*10 + digit
		return true
	}
	carry := digit
	for i := range s {
		hi, lo := bits.Mul64(s[i], 10)
		var c uint64
		s[i], c = bits.Add64(lo, carry, 0)
		carry = hi + c
	}
	return carry == 0
}
