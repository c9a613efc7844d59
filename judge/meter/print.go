package meter

import (
	"encoding/csv"
	"io"
	"math/big"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteJSON writes one array of groups, in the order of their keys. A label that
// a group's records lack is null, and so is a sum of which no record knew its
// part. A cost is a string, which no reader rounds.
func (r *Report) WriteJSON(w io.Writer) error {
	b := []byte{'['}
	for i, g := range r.sorted() {
		if i > 0 {
			b = append(b, ',')
		}
		b = r.appendGroup(append(b, '\n'), g)
	}
	_, err := w.Write(append(b, "\n]\n"...))
	return err
}

func (r *Report) appendGroup(b []byte, g *group) []byte {
	b = append(b, '{')
	for i, k := range r.keys {
		b = append(appendText(b, "", string(k)), ':')
		if g.keys[i] == nil {
			b = append(b, "null,"...)
			continue
		}
		b = append(appendText(b, "", *g.keys[i]), ',')
	}
	b = appendInt(b, `"runs":`, &g.runs)
	b = appendInt(b, `,"unfinished":`, &g.unfinished)
	for f := range figures {
		b = append(appendText(b, ",", names[f]), ':')
		b = append(b, g.figure(f, "null")...)
	}
	if p := r.prices; p != nil {
		b = appendText(b, `,"cost":`, p.round(p.cost(g)))
		b = appendText(b, `,"currency":`, p.Currency)
	}
	return append(b, '}')
}

// figure is a sum in digits, or another word where nothing of it is known.
func (g *group) figure(f figure, unknown string) string {
	if !g.known[f] {
		return unknown
	}
	return g.sum[f].String()
}

// WriteCSV writes the same as a table with a line of names (RFC 4180). What is
// null in JSON is empty.
func (r *Report) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	_ = c.Write(r.columns()) // Flush has its error
	for _, g := range r.sorted() {
		row := g.words()
		row = append(row, strconv.FormatInt(g.runs, 10), strconv.FormatInt(g.unfinished, 10))
		for f := range figures {
			row = append(row, g.figure(f, ""))
		}
		if p := r.prices; p != nil {
			row = append(row, p.round(p.cost(g)), p.Currency)
		}
		_ = c.Write(row)
	}
	c.Flush()
	return c.Error()
}

func (r *Report) columns() (row []string) {
	for _, k := range r.keys {
		row = append(row, string(k))
	}
	row = append(append(row, "runs", "unfinished"), names[:]...)
	if r.prices != nil {
		row = append(row, "cost", "currency")
	}
	return row
}

// words are the group's keys.
func (g *group) words() (list []string) {
	for _, k := range g.keys {
		word := ""
		if k != nil {
			word = *k
		}
		list = append(list, word)
	}
	return list
}

// WriteTable writes a table for a person, with the sums of all groups below.
func (r *Report) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	head := []string{"runs", "unfinished", "wall s", "cpu s", "memory GiB*h", "read MiB", "written MiB", "oom kills"}
	var keys []string
	for _, k := range r.keys {
		keys = append(keys, string(k))
	}
	if r.prices != nil {
		head = append(head, "cost "+r.prices.Currency)
	}
	line(t, append(keys, head...))
	total, list := &group{}, r.sorted()
	for _, g := range list {
		line(t, append(g.shown(), r.cells(g)...))
		total.add(g)
	}
	if len(list) != 1 {
		keys = append([]string{"total"}, make([]string, len(r.keys))...)
		line(t, append(keys[:len(r.keys)], r.cells(total)...))
	}
	return t.Flush()
}

func line(w io.Writer, cells []string) {
	_, _ = io.WriteString(w, strings.Join(cells, "\t")+"\n") // Flush has its error
}

// shown are the group's keys in a table. A name that a caller chose can't pass
// for more lines, or for commands to the terminal.
func (g *group) shown() (list []string) {
	for _, k := range g.keys {
		switch {
		case k == nil:
			list = append(list, "-")
		case *k == "" || *k == "-" || strings.ContainsFunc(*k, func(r rune) bool { return !strconv.IsPrint(r) }):
			list = append(list, strconv.Quote(*k))
		default:
			list = append(list, *k)
		}
	}
	return list
}

// cells are a group's figures in units that a person reads.
func (r *Report) cells(g *group) []string {
	row := []string{strconv.FormatInt(g.runs, 10), strconv.FormatInt(g.unfinished, 10)}
	for f, in := range [figures]struct {
		unit   *big.Int
		digits int
	}{{second(), 3}, {second(), 3}, {gibHour(), 6}, {big.NewInt(1 << 20), 1}, {big.NewInt(1 << 20), 1}, {big.NewInt(1), 0}} {
		cell := "-"
		if g.known[f] {
			cell = new(big.Rat).SetFrac(g.sum[f].big(), in.unit).FloatString(in.digits)
		}
		row = append(row, cell)
	}
	if p := r.prices; p != nil {
		row = append(row, p.round(p.cost(g)))
	}
	return row
}

func second() *big.Int { return big.NewInt(1e9) }
