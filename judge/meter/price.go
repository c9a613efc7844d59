package meter

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Prices say what a run costs.
type Prices struct {
	Currency string
	digits   int // behind the point
	per      [units]*big.Rat
}

// A unit is what has a price.
type unit int

const (
	cpuHour unit = iota
	gibHourUnit
	ioGiB
	perRun
	units
)

// unitNames are the keys of a price file.
var unitNames = [units]string{"cpu_hour", "gib_hour", "io_gib", "run"}

// Bounds of a price file.
const (
	presetDigits = 6
	mostDigits   = 30
	mostCurrency = 16
)

// LoadPrices reads a price file: TOML with a currency and the prices of
// cpu_hour, gib_hour, io_gib and run, each a decimal that is taken exactly, as
// it is written. A cost is exact, and rounded at the end to digits digits behind
// the point, a half away from zero. A mistake is an *Error with file, line and
// key.
func LoadPrices(path string) (*Prices, error) {
	all, err := loadTOML(path)
	if err != nil {
		return nil, err
	}
	p := &Prices{digits: presetDigits}
	for i := range all {
		if err := p.set(path, &all[i]); err != nil {
			return nil, err
		}
	}
	switch {
	case p.Currency == "":
		return nil, &Error{Object: path, Key: "currency", Err: ErrMissing, Hint: `write currency = "EUR"`}
	case p.per == [units]*big.Rat{}:
		return nil, &Error{Object: path, Key: "price", Err: ErrMissing, Hint: "give one at least of " + strings.Join(unitNames[:], ", ")}
	}
	return p, nil
}

func (p *Prices) set(file string, s *setting) error {
	key := strings.Join(s.keys, ".")
	u := unit(slices.Index(unitNames[:], key))
	switch {
	case s.table:
		return s.wrong(file, ErrUnknownKey, "a price file has no tables")
	case key == "currency":
		if p.Currency = s.text; s.text == "" || len(s.text) > mostCurrency || strings.ContainsFunc(s.text, isNoLetter) {
			return s.wrong(file, ErrValue, "write up to 16 letters, as EUR")
		}
	case key == "digits":
		n, err := strconv.Atoi(s.text)
		if p.digits = n; err != nil || n < 0 || n > mostDigits {
			return s.wrong(file, ErrValue, "write a number of digits from 0 to 30")
		}
	case u < 0:
		return s.wrong(file, ErrUnknownKey, "use currency, digits, "+strings.Join(unitNames[:], ", "))
	default:
		if p.per[u] = decimal(s.text); p.per[u] == nil {
			return s.wrong(file, ErrValue, "write a decimal of 0 or more, as 0.04")
		}
	}
	return nil
}

func isNoLetter(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }

// decimal reads digits and a point exactly, nil if it is no such number. An
// exponent is refused: a short one means a number that fills the memory.
func decimal(s string) *big.Rat {
	const longest = 60
	whole, part, point := strings.Cut(s, ".")
	if len(s) > longest || !isNumber(whole) || point && !isNumber(part) {
		return nil
	}
	r, _ := new(big.Rat).SetString(s)
	return r
}

func isNumber(s string) bool {
	return s != "" && allDigits([]byte(s))
}

// cost is what a group costs, exactly.
func (p *Prices) cost(g *group) *big.Rat {
	io := g.sum[ioReadBytes]
	io.add(g.sum[ioWriteBytes])
	total := new(big.Rat)
	for u, amount := range [units]struct {
		n   sum
		per *big.Int
	}{
		{g.sum[cpuNS], big.NewInt(int64(time.Hour))},
		{g.sum[memoryByteNS], gibHour()},
		{io, big.NewInt(1 << 30)},
		{sum{uint64(g.runs)}, big.NewInt(1)},
	} {
		if p.per[u] != nil {
			share := new(big.Rat).SetFrac(amount.n.big(), amount.per)
			total.Add(total, share.Mul(share, p.per[u]))
		}
	}
	return total
}

// round writes a cost.
func (p *Prices) round(cost *big.Rat) string { return cost.FloatString(p.digits) }
