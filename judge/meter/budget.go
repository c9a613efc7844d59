package meter

import (
	"math/big"
	"strings"
	"time"

	"github.com/jailrun/jail/internal/size"
)

// Budgets say what each tenant may use.
type Budgets struct {
	file    string
	tenants map[string]*allowance
	others  *allowance // nil: a tenant without a row may run nothing
}

// allowance is one tenant's row.
type allowance struct {
	file   string
	at     setting // where it begins
	has    [resources]bool
	amount spending
	text   [resources]string // as it stands in the file
	daily  bool              // else for ever
	per    bool              // it is said which
}

// LoadBudgets reads a file of budgets: TOML, with a table [tenant.NAME] for each
// tenant, and one [default] for all others; docs/metering.md says what stands in
// it. A mistake is an *Error with file, line and key.
func LoadBudgets(path string) (*Budgets, error) {
	all, err := loadTOML(path)
	if err != nil {
		return nil, err
	}
	b := &Budgets{file: path, tenants: map[string]*allowance{}}
	for i := range all {
		if err := b.set(&all[i]); err != nil {
			return nil, err
		}
	}
	for _, row := range b.tenants {
		if err := row.check(); err != nil {
			return nil, err
		}
	}
	return b, b.others.check()
}

// set takes over one line.
func (b *Budgets) set(s *setting) error {
	row, depth := b.row(s)
	switch {
	case row == nil && s.table && len(s.keys) == 1 && s.keys[0] == "tenant": // [tenant], over tables of its own
		return nil
	case row == nil || s.table != (len(s.keys) == depth):
		return s.wrong(b.file, ErrUnknownKey, "write tables [tenant.NAME] and [default]")
	case s.table:
		return nil
	}
	return row.set(s)
}

// row gives the row that a line belongs to, and how many keys lead to it.
func (b *Budgets) row(s *setting) (row *allowance, depth int) {
	switch {
	case s.keys[0] == "default":
		if b.others == nil {
			b.others = &allowance{file: b.file, at: *s}
		}
		return b.others, 1
	case s.keys[0] != "tenant" || len(s.keys) < 2:
		return nil, 0
	}
	row = b.tenants[s.keys[1]]
	if row == nil {
		row = &allowance{file: b.file, at: *s}
		b.tenants[s.keys[1]] = row
	}
	return row, 2
}

func (a *allowance) set(s *setting) error {
	key := s.keys[len(s.keys)-1]
	if key == "per" {
		a.per, a.daily = true, s.text == "day"
		if !a.daily && s.text != "total" {
			return s.wrong(a.file, ErrValue, `write "day" (of UTC) or "total"`)
		}
		return nil
	}
	for i, kind := range kinds {
		if key != resourceNames[i] {
			continue
		}
		var ok bool
		a.has[i], a.text[i] = true, s.text
		if a.amount[i], ok = kind.read(s.text); !ok {
			return s.wrong(a.file, ErrValue, kind.hint)
		}
		return nil
	}
	return s.wrong(a.file, ErrUnknownKey, "use "+strings.Join(resourceNames[:], ", ")+" and per")
}

// check refuses a row that says too little.
func (a *allowance) check() error {
	switch {
	case a == nil:
	case !a.per:
		return a.lacks("per", `write per = "day" (of UTC) or per = "total"`)
	case a.has == [resources]bool{}:
		return a.lacks("budget", "give it one at least of "+strings.Join(resourceNames[:], ", "))
	}
	return nil
}

func (a *allowance) lacks(key, hint string) error {
	table := a.at.keys[:min(len(a.at.keys), 2)]
	if table[0] == "default" {
		table = table[:1]
	}
	return &Error{Object: a.file, Line: a.at.line, Key: strings.Join(append(table[:len(table):len(table)], key), "."), Err: ErrMissing, Hint: hint}
}

// find gives a tenant's row, or that of all others.
func (b *Budgets) find(tenant string) *allowance {
	if row := b.tenants[tenant]; row != nil {
		return row
	}
	return b.others
}

// Words says what a tenant may use, "" if it may run nothing.
func (b *Budgets) Words(tenant string) string {
	row := b.find(tenant)
	if row == nil {
		return ""
	}
	var list []string
	for i := range resources {
		if row.has[i] {
			list = append(list, resourceNames[i]+" "+row.words(i))
		}
	}
	return strings.Join(list, ", ")
}

// words is a budget with its period.
func (a *allowance) words(i resource) string {
	if a.daily {
		return a.text[i] + " a day"
	}
	return a.text[i] + " in all"
}

// kinds say how a budget of each resource is written.
var kinds = [resources]struct {
	read func(string) (sum, bool)
	hint string
}{
	runs:   {func(s string) (sum, bool) { return digits([]byte(s), 1) }, "write a whole number, as 1000"},
	cpu:    {readTime, `write a time with its unit, as "100s", "1h30m"`},
	wall:   {readTime, `write a time with its unit, as "100s", "1h30m"`},
	memory: {readMemory, `write a size for a time, as "10GiB*h", "512M*30s"`},
}

func readTime(s string) (sum, bool) {
	d, err := time.ParseDuration(s)
	return sum{uint64(max(d, 0))}, err == nil && d >= 0
}

// readMemory reads a size, an asterisk, and a time, which may be a mere unit.
func readMemory(s string) (sum, bool) {
	amount, unit, ok := strings.Cut(s, "*")
	bytes, err := size.Parse(amount)
	if unit != "" && !isDigit(unit[0]) {
		unit = "1" + unit
	}
	each, isTime := readTime(unit)
	return times(uint64(max(bytes, 0)), each[0]), ok && err == nil && isTime
}

// inWords shows an amount of a resource.
func inWords(i resource, n sum) string {
	switch i {
	case runs:
		return n.String()
	case memory:
		return new(big.Rat).SetFrac(n.big(), gibHour()).FloatString(6) + " GiB*h"
	}
	return time.Duration(n.int64()).String()
}

// gibHour is a GiB for an hour, in bytes times nanoseconds.
func gibHour() *big.Int {
	return new(big.Int).Mul(big.NewInt(1<<30), big.NewInt(int64(time.Hour)))
}
