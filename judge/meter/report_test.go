package meter

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate/result"
	"golang.org/x/sys/unix"
)

// day is the first day of records that tests make.
var day = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

// some draws a record. Now and then a figure is unknown, or very large.
func some(r *rand.Rand, i int) Record {
	rec := Record{ID: fmt.Sprint("1-", i), Start: day.Add(time.Duration(r.Int64N(int64(72 * time.Hour)))), State: Finished, Reason: result.Exited,
		Tenant: [...]string{"alice", "bob", "", "an \"odd\"\nname", "日本"}[r.IntN(5)]}
	for _, f := range []**int64{&rec.Wall, &rec.CPU, &rec.Memory, &rec.IORead, &rec.IOWrite, &rec.OOMs} {
		switch r.IntN(8) {
		case 0:
		case 1:
			*f = new(r.Int64())
		default:
			*f = new(r.Int64N(1 << 34))
		}
	}
	if r.IntN(2) == 0 {
		rec.Labels = []Label{{"course", [...]string{"a", "b \\ \u2028"}[r.IntN(2)]}}
	}
	if r.IntN(10) == 0 {
		rec.State, rec.Reason = Unfinished, ""
	}
	return rec
}

// known are the sums of one group, as they are made here from the records.
type known map[string]*big.Int

func (k known) add(key string, n *big.Int) {
	if n != nil {
		if k[key] == nil {
			k[key] = new(big.Int)
		}
		k[key].Add(k[key], n)
	}
}

func large(n *int64) *big.Int {
	if n == nil {
		return nil
	}
	return big.NewInt(*n)
}

func (k known) record(rec *Record) {
	k.add("runs", big.NewInt(1))
	k.add("unfinished", big.NewInt(map[State]int64{Unfinished: 1}[rec.State]))
	k.add("wall_ns", large(rec.Wall))
	k.add("cpu_ns", large(rec.CPU))
	k.add("io_read_bytes", large(rec.IORead))
	k.add("io_write_bytes", large(rec.IOWrite))
	k.add("oom_kills", large(rec.OOMs))
	if rec.Memory != nil && rec.Wall != nil {
		k.add("memory_byte_ns", new(big.Int).Mul(big.NewInt(*rec.Memory), big.NewInt(*rec.Wall)))
	}
}

func write(t *testing.T, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "usage.jsonl")
	must(t, os.WriteFile(path, text, 0o600))
	return path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func keys(t *testing.T, text string) []Key {
	t.Helper()
	k, err := ParseKeys(text)
	must(t, err)
	return k
}

// report gives the groups of files as encoding/json reads them.
func report(t *testing.T, by string, paths ...string) []map[string]any {
	t.Helper()
	r := NewReport(keys(t, by), nil)
	for _, path := range paths {
		must(t, r.AddFile(path, nil))
	}
	bad, _ := r.Bad()
	if len(bad) > 0 {
		t.Errorf("bad lines: %v", bad)
	}
	return groups(t, r)
}

func groups(t *testing.T, r *Report) (list []map[string]any) {
	t.Helper()
	var b bytes.Buffer
	must(t, r.WriteJSON(&b))
	d := json.NewDecoder(&b)
	d.UseNumber()
	must(t, d.Decode(&list))
	return list
}

func TestSumsAreExactForEveryGrouping(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, by := range []string{"tenant", "day", "tenant,day", "label:course", "label:none", "day,tenant,label:course"} {
		want := map[string]known{}
		var text []byte
		for i := range 3000 {
			rec := some(r, i)
			text = rec.AppendLine(text)
			name := nameOf(by, &rec)
			if want[name] == nil {
				want[name] = known{}
			}
			want[name].record(&rec)
		}
		got := report(t, by, write(t, text))
		if len(got) != len(want) {
			t.Errorf("by %s: %d groups, want %d", by, len(got), len(want))
		}
		for _, g := range got {
			holdGroup(t, by, g, want)
		}
	}
}

func nameOf(by string, rec *Record) string {
	var words []any
	for k := range strings.SplitSeq(by, ",") {
		switch {
		case k == "tenant":
			words = append(words, rec.Tenant)
		case k == "day":
			words = append(words, rec.Start.Format(time.DateOnly))
		case k == "label:course" && len(rec.Labels) > 0:
			words = append(words, rec.Labels[0].Value)
		default:
			words = append(words, nil)
		}
	}
	return fmt.Sprintf("%q", words)
}

func holdGroup(t *testing.T, by string, g map[string]any, want map[string]known) {
	t.Helper()
	var words []any
	for k := range strings.SplitSeq(by, ",") {
		words = append(words, g[k])
	}
	name := fmt.Sprintf("%q", words)
	for _, key := range append([]string{"runs", "unfinished"}, names[:]...) {
		got, sum := fmt.Sprint(g[key]), "<nil>"
		if n := want[name][key]; n != nil {
			sum = n.String()
		}
		if got != sum {
			t.Errorf("by %s, %s: %s is %s, want %s", by, name, key, got, sum)
		}
	}
}

// The promise is five seconds on a machine of two cores, which has nothing else
// to do: on a busy one the report's own CPU time stands for it.
func TestAMillionRecordsAreReportedInFiveSeconds(t *testing.T) {
	path := long(t, many)
	start, before := time.Now(), cpuTime(t)
	got := report(t, "tenant,day", path)
	took, cpu := time.Since(start), cpuTime(t)-before
	total := int64(0)
	for _, g := range got {
		n, _ := g["runs"].(json.Number).Int64()
		total += n
	}
	t.Logf("%d groups of %d records in %v, with %v of CPU time", len(got), total, took, cpu)
	if total != many || min(took, cpu) > 5*time.Second {
		t.Errorf("%d records of %d in %v, with %v of CPU time", total, int(many), took, cpu)
	}
}

// cpuTime is what this process has used.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	must(t, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkReportOfAMillion(b *testing.B) {
	path := long(b, many)
	for b.Loop() {
		r := NewReport([]Key{ByTenant, ByDay}, nil)
		if err := r.AddFile(path, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// long makes a file of that many records.
func long(tb testing.TB, records int) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "usage.jsonl")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(1, 1))
	var lines [][]byte
	for i := range 2000 {
		rec := some(r, i)
		lines = append(lines, rec.AppendLine(nil))
	}
	for i := range records {
		_, _ = w.Write(lines[i%len(lines)])
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	return path
}

func prices(t *testing.T, text string) (*Prices, error) {
	t.Helper()
	return LoadPrices(write(t, []byte(text)))
}

func TestACostIsExact(t *testing.T) {
	p, err := prices(t, "currency = \"EUR\"\ndigits = 12\ncpu_hour = 0.1\ngib_hour = \"0.2\"\nio_gib = 3\nrun = 0.000000000001\n")
	must(t, err)
	hour := int64(time.Hour)
	rec := Record{ID: "1", Start: day, State: Finished, CPU: &hour, Wall: &hour, Memory: new(int64(1 << 30)), IORead: new(int64(1 << 29)), IOWrite: new(int64(1 << 29))}
	var text []byte
	for range 3 {
		text = rec.AppendLine(text)
	}
	path := write(t, text)
	r := NewReport([]Key{ByTenant}, p)
	must(t, r.AddFile(path, nil))
	if got := groups(t, r)[0]; got["cost"] != "9.900000000003" || got["currency"] != "EUR" {
		t.Errorf("it costs %v %v", got["cost"], got["currency"])
	}
}

func TestACostIsRoundedAtTheEndAlone(t *testing.T) {
	p, err := prices(t, "currency = \"EUR\"\ndigits = 2\nrun = 0.005\n")
	must(t, err)
	for runs, want := range map[int64]string{1: "0.01", 2: "0.01", 3: "0.02", 1000: "5.00"} {
		if got := p.round(p.cost(&group{runs: runs})); got != want {
			t.Errorf("%d runs cost %s, want %s", runs, got, want)
		}
	}
}

func TestMistakesInPricesAreNamedByLineAndKey(t *testing.T) {
	for text, want := range map[string]string{
		"":                   ": currency is missing",
		"currency = \"EUR\"": ": price is missing",
		"currency = \"E R\"": ":1: currency \"E R\" is not valid",
		"\ncpu_hour = -1":    ":2: cpu_hour \"-1\" is not valid",
		"cpu_hour = 1e9":     ":1: cpu_hour \"1e9\" is not valid",
		"cpu_hour = \"1/3\"": ":1: cpu_hour \"1/3\" is not valid",
		"cpu_hour = inf":     ":1: cpu_hour \"inf\" is not valid",
		"cpu_hour = true":    ":1: cpu_hour \"true\" is not valid",
		"cpu_hour = [1]":     ":1: cpu_hour is not valid",
		"run = 1\nrun = 2":   ":2: ",
		"digits = 31":        ":1: digits \"31\" is not valid",
		"cpu_hours = 1":      ":1: cpu_hours \"1\" unknown key",
		"[cpu]\nhour = 1":    ":1: cpu unknown key",
		"[[run]]\nx = 1":     ":1: run is not valid",
		"run = ":             ":1: is not well formed",
		"run = \"" + strings.Repeat("9", 70) + "\"": ":1: run \"9999",
	} {
		_, err := prices(t, text)
		if err == nil {
			t.Errorf("%q is taken", text)
			continue
		}
		if i := strings.Index(err.Error(), "usage.jsonl"); i < 0 || !strings.HasPrefix(err.Error()[i+len("usage.jsonl"):], want) {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
}

func TestWhatATenantIsNamedCantPassForLines(t *testing.T) {
	rec := Record{ID: "1", Start: day, State: Finished, Tenant: "a\n\x1b[2J\"b\",c"}
	r := NewReport([]Key{ByTenant}, nil)
	must(t, r.AddFile(write(t, rec.AppendLine(nil)), nil))
	var table, values bytes.Buffer
	must(t, r.WriteTable(&table))
	must(t, r.WriteCSV(&values))
	if n := strings.Count(table.String(), "\n"); n != 2 || strings.Contains(table.String(), "\x1b") {
		t.Errorf("the table is %q", table.String())
	}
	if want := "\"a\n\x1b[2J\"\"b\"\",c\",1,0,,"; !strings.Contains(values.String(), want) {
		t.Errorf("the values are %q", values.String())
	}
}

func TestKeysOfAReport(t *testing.T) {
	for text, ok := range map[string]bool{"tenant": true, "day,tenant,label:a,label:b": true, "": false, "tenant,": false, "tenant,tenant": false, "label:": false, "label:a b": false, "month": false} {
		if _, err := ParseKeys(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}
