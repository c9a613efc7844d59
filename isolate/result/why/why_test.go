package why

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/test/docpage"
)

const again = "go test ./isolate/result/why -update"

// A golden is a result as jail exec writes it, its explanation, and that as JSON.
func TestEachEndIsExplained(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			line := made(c.set).AppendLine(nil)
			docpage.Hold(t, "testdata/"+c.name+".json", string(line), again)
			r, err := result.NewReader(strings.NewReader(string(line)), c.name).Next()
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(line), string(r.AppendLine(nil))); d != "" {
				t.Error(d)
			}
			e := Explain(r)
			holdPrintable(t, e.Text())
			docpage.Hold(t, "testdata/"+c.name+".txt", e.Text(), again)
		})
	}
}

func TestNoGoldenIsLeftBehind(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		if !slices.ContainsFunc(cases, func(c struct {
			name string
			set  func(*result.Result)
		}) bool {
			return c.name == name
		}) {
			t.Errorf("%s is of no case", f)
		}
	}
}

func holdPrintable(t *testing.T, text string) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		if n := utf8.RuneCountInString(line); n > 2*mostSentence || strings.HasSuffix(line, " ") {
			t.Errorf("%d characters: %q", n, line)
		}
		for _, r := range line {
			if !strconv.IsPrint(r) {
				t.Errorf("%q is not to be printed, in %q", r, line)
			}
		}
	}
}

func TestEveryReasonHasItsRows(t *testing.T) {
	for _, info := range result.Reasons() {
		if meaning(info.Reason) == "" {
			t.Errorf("%s: no meaning", info.Reason)
		}
		if !slices.ContainsFunc(causes(), func(c cause) bool { return c.reason == info.Reason }) {
			t.Errorf("%s: no cause", info.Reason)
		}
		if info.Flag != "" && !slices.ContainsFunc(causes(), func(c cause) bool { return c.reason == info.Reason && c.flag == info.Flag }) {
			t.Errorf("%s: no row names %s", info.Reason, info.Flag)
		}
	}
	for _, row := range reasons {
		for _, name := range row.facts {
			if factNamed(name).name == "" {
				t.Errorf("%s: there is no fact %q", row.reason, name)
			}
		}
	}
}

// Each row is chosen by a case, or nobody has seen what it says.
func TestEveryRowIsToldOfSomeResult(t *testing.T) {
	for _, c := range causes() {
		if !slices.ContainsFunc(cases, func(one struct {
			name string
			set  func(*result.Result)
		}) bool {
			r := made(one.set)
			return r.Reason == c.reason && c.holds(r)
		}) {
			t.Errorf("%s, %s: no case", c.reason, c.when)
		}
	}
	for i := range facts {
		if !slices.ContainsFunc(reasons[:], func(r struct {
			reason  result.Reason
			meaning string
			facts   []string
		}) bool {
			return slices.Contains(r.facts, facts[i].name)
		}) {
			t.Errorf("no reason needs the fact %q", facts[i].name)
		}
	}
}

// Some cause is told of every result, whatever it is.
func TestEveryCaseHasACause(t *testing.T) {
	for _, c := range cases {
		if e := Explain(made(c.set)); len(e.Causes) == 0 {
			t.Errorf("%s: no cause", c.name)
		}
	}
}

func TestEveryLayerHasItsCost(t *testing.T) {
	for _, l := range policy.AllLayers() {
		if costOf(l.Name) == "" {
			t.Errorf("%s: what does it cost not to have it?", l.Name)
		}
	}
}

func TestEverySignalThatIsNamedHasARow(t *testing.T) {
	for _, name := range namedSignals {
		r := sample()
		r.Reason, r.SignalName = result.Signaled, &name
		if !slices.ContainsFunc(causes(), func(c cause) bool { return c.reason == result.Signaled && c.holds(r) }) {
			t.Errorf("%s: no row", name)
		}
	}
}

// What degrades a layer is told by words of its detail, which isolate writes.
func TestTheWordsOfDegradedLayersAreThoseOfTheResult(t *testing.T) {
	text, err := os.ReadFile("../../enforced.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"init has the same", "without a listener", `"ABI "`, "are bound"} {
		if !strings.Contains(string(text), words) {
			t.Errorf("isolate does not say %q", words)
		}
	}
}

func TestAnyTextIsEscapedAndShort(t *testing.T) {
	for in, want := range map[string]string{
		"plain é": "plain é", "a\nb": `a\nb`, "\x1b[2J": `\x1b[2J`, "\u202e": `\u202e`, "\xff": `\xff`,
		strings.Repeat("a", 500): strings.Repeat("a", mostText) + "…",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q is printed as %q, want %q", in, got, want)
		}
	}
}

func TestAmountsHaveUnits(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1: "1 byte", 1023: "1023 bytes", 1024: "1 KiB", 1536: "1.5 KiB", 256 << 20: "256 MiB", 1<<63 - 1: "8 EiB"} {
		if got := amount(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// Whatever a file holds, its explanation is one that can be printed.
func FuzzAnyResultCanBeExplained(f *testing.F) {
	for _, c := range cases {
		f.Add(made(c.set).AppendLine(nil))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := result.NewReader(strings.NewReader(string(text)), "fuzz")
		for {
			one, err := r.Next()
			var bad *result.ReadError
			if errors.Is(err, io.EOF) || errors.As(err, &bad) {
				return
			}
			e := Explain(one)
			e.Unknown(r.Unknown())
			holdPrintable(t, e.Text())
			if _, err := e.AppendJSON(nil); err != nil || len(e.Causes) == 0 && len(e.Notes) == 0 {
				t.Fatalf("%v, %+v", err, e)
			}
		}
	})
}
