package plan

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jailrun/jail/policy"
)

var update = flag.Bool("update", false, "write the goldens anew")

func printed(t *testing.T, in *Input, o PrintOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Print(&b, compiled(t, in).Tape, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The golden of a default plan has every op; any other says what is different
// in it, so that a diff of goldens shows what a change means for each host.
func TestPlansAreAsTheirGoldens(t *testing.T) {
	base := map[bool]string{}
	for _, c := range cases {
		in := c.in()
		text := printed(t, in, PrintOptions{Every: true, Unnamed: true})
		if c.full {
			base[in.Facts.Root] = text
		} else {
			text = difference(base[in.Facts.Root], text)
		}
		golden(t, c.name, text)
	}
	golden(t, "root-each-off", eachOff(t, base[true]))
}

// eachOff says of each layer that can be switched off what goes with it.
func eachOff(t *testing.T, base string) string {
	var all strings.Builder
	for _, l := range policy.AllLayers() {
		if l.CanOff {
			text := printed(t, layerOff(string(l.Name)), PrintOptions{Every: true, Unnamed: true})
			all.WriteString("without " + string(l.Name) + "\n" + difference(base, text))
		}
	}
	return all.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it, then run go test -update:\n%s", file, difference(string(want), got))
	}
}

// difference lists the lines that are gone and the lines that are new, by the
// longest common subsequence.
func difference(was, is string) string {
	a, b := strings.Split(was, "\n"), strings.Split(is, "\n")
	long := make([][]int, len(a)+1)
	for i := range long {
		long[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				long[i][j] = long[i+1][j+1] + 1
			} else {
				long[i][j] = max(long[i+1][j], long[i][j+1])
			}
		}
	}
	var out strings.Builder
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && long[i+1][j] >= long[i][j+1]:
			out.WriteString("- " + a[i] + "\n")
			i++
		default:
			out.WriteString("+ " + b[j] + "\n")
			j++
		}
	}
	if out.Len() == 0 {
		return "no difference\n"
	}
	return out.String()
}

func TestGoldensAreOfCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"testdata/root-each-off.golden": true}
	for _, c := range cases {
		known[filepath.Join("testdata", c.name+".golden")] = true
	}
	for _, f := range files {
		if !known[f] {
			t.Errorf("%s belongs to no case", f)
		}
	}
}

// Two compilations of one input are the same to the byte, whatever the order of
// a map.
func TestPlanIsAPureFunction(t *testing.T) {
	code := []byte{0x0f, 0x05}
	for _, c := range cases {
		in := c.in()
		a, b := compiled(t, in).Image(code), compiled(t, in).Image(code)
		if !bytes.Equal(a, b) {
			t.Errorf("%s: two plans of one input differ", c.name)
		}
	}
}

func TestPrintFoldsARowOfLikeOps(t *testing.T) {
	p := compiled(t, with(true, policy.Policy{}))
	var b bytes.Buffer
	if err := p.Print(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if n := strings.Count(text, "drop a capability"); n != 2 {
		t.Errorf("%d lines for the two bounding sets", n)
	}
	if !strings.Contains(text, "×62") || !strings.Contains(text, "×41") {
		t.Error("the counts are missing")
	}
	if n := strings.Count(text, "\n"); n > len(p.Ops)*2/3 {
		t.Errorf("%d lines for %d ops", n, len(p.Ops))
	}
}

// No line may show an address: what is at it is what counts.
func TestPrintNamesWhatIsAtAnAddress(t *testing.T) {
	for _, c := range cases {
		for line := range strings.Lines(printed(t, c.in(), PrintOptions{Every: true})) {
			for _, a := range []string{"0x1000", "0x2000", "0x3000", "0x4000"} {
				if strings.Contains(line, a) {
					t.Errorf("%s: %s", c.name, line)
				}
			}
		}
	}
}
