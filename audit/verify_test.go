package audit

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// write makes a log of n events.
func write(t testing.TB, path string, n int, o Options) {
	t.Helper()
	l := open(t, path, o)
	all := some()
	for i := range n {
		l.Emit(all[i%len(all)])
		if i%1000 == 999 {
			must(t, l.Flush(background))
		}
	}
	must(t, l.Close(background))
}

func verify(t testing.TB, path string, o VerifyOptions) *Report {
	t.Helper()
	r, err := Verify(background, path, o)
	must(t, err)
	return r
}

// intact fails the test if a log has a problem.
func intact(t testing.TB, path string, o VerifyOptions) *Report {
	t.Helper()
	r := verify(t, path, o)
	for i := range r.Problems {
		t.Error(r.Problems[i].String())
	}
	return r
}

func TestAnUneditedLogHasNoProblem(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 1500} {
		path := file(t)
		write(t, path, n, Options{})
		r := intact(t, path, VerifyOptions{})
		if r.Lines != uint64(n) || r.Last != uint64(n) || r.Head != HeadFits || r.Signed {
			t.Errorf("of %d events: %+v", n, r)
		}
	}
}

// swap exchanges two lines, from 1.
func swap(all []string, i, j int) []string {
	all = slices.Clone(all)
	all[i-1], all[j-1] = all[j-1], all[i-1]
	return all
}

func TestWhatWasDoneToALogIsNamed(t *testing.T) {
	edit := func(line string) string { return strings.Replace(line, `"jail":"j-1"`, `"jail":"j-2"`, 1) }
	fifth := func(all []string, s string) []string { return slices.Replace(slices.Clone(all), 4, 5, s) }
	for _, c := range []struct {
		name string
		do   func(all []string) []string
		want []string // of each problem, "line kind text"
	}{
		{"edited", func(all []string) []string { return fifth(all, edit(all[4])) }, []string{"5 edited its hash is not what line 6 says"}},
		{"edited, with its own prev", func(all []string) []string {
			return fifth(all, strings.Replace(all[4], `"prev":"`, `"prev":"0000`, 1)[:len(all[4])])
		}, []string{"5 edited it is no line of a log any more, where seq 5 belongs"}},
		{"the prev edited", func(all []string) []string {
			at := strings.Index(all[4], `"prev":"`) + 8
			c := byte('0')
			if all[4][at] == c {
				c = '1'
			}
			return fifth(all, all[4][:at]+string(c)+all[4][at+1:])
		}, []string{"5 edited it is not the line that was written here: it does not follow on the one before, and its hash is not what line 6 says"}},
		{"the first edited", func(all []string) []string { return slices.Replace(slices.Clone(all), 0, 1, edit(all[0])) }, []string{"1 edited its hash is not what line 2 says"}},
		{"the last edited", func(all []string) []string { return slices.Replace(slices.Clone(all), 19, 20, edit(all[19])) }, []string{"20 edited the hash of seq 20 is not what the head says"}},
		{"removed", func(all []string) []string { return slices.Delete(slices.Clone(all), 4, 5) }, []string{"5 missing seq 5 is missing before it"}},
		{"some removed", func(all []string) []string { return slices.Delete(slices.Clone(all), 4, 9) }, []string{"5 missing seq 5 to 9 are missing before it"}},
		{"the first removed", func(all []string) []string { return slices.Clone(all[1:]) }, []string{"1 missing seq 1 is missing before it"}},
		{"the tail cut", func(all []string) []string { return slices.Clone(all[:17]) }, []string{"17 cut the tail is cut: the head counts 20, the file ends with seq 17"}},
		{"neighbours swapped", func(all []string) []string { return swap(all, 5, 6) }, []string{"5 moved lines 5 and 6 are swapped"}},
		{"others swapped", func(all []string) []string { return swap(all, 5, 9) }, []string{"5 moved it is seq 9, and stands where seq 5 belongs", "9 moved it is seq 5, and stands where seq 9 belongs"}},
		{"copied", func(all []string) []string { return slices.Insert(slices.Clone(all), 5, all[4]) }, []string{"6 duplicate it is a copy of line 5"}},
		{"copied far away", func(all []string) []string { return slices.Insert(slices.Clone(all), 10, all[4]) }, []string{"11 duplicate it is a copy of line 5"}},
		{"inserted", func(all []string) []string { return slices.Insert(slices.Clone(all), 5, edit(all[5])) }, []string{"7 edited"}},
		{"a foreign line inserted", func(all []string) []string { return slices.Insert(slices.Clone(all), 5, "{}") }, []string{"6 inserted it is no line of a log, and stands between two that belong together"}},
		{"moved", func(all []string) []string {
			return slices.Insert(slices.Delete(slices.Clone(all), 4, 5), 9, all[4])
		}, []string{"5 missing seq 5 is missing before it", "10 moved it belongs behind seq 4"}},
		{"added", func(all []string) []string { return append(slices.Clone(all), all[19]) }, []string{"21 duplicate it is a copy of line 20"}},
		{"split", func(all []string) []string { return fifth(all, all[4][:100]+"\n"+all[4][100:]) }, []string{"5 edited lines 5 to 6 are no lines of a log any more, where seq 5 belongs"}},
		{"joined", func(all []string) []string {
			return slices.Replace(slices.Clone(all), 4, 6, all[4]+all[5])
		}, []string{"5 edited it is no line of a log any more, where seq 5 to 6 belongs"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := file(t)
			write(t, path, 20, Options{})
			must(t, os.WriteFile(path, []byte(strings.Join(c.do(linesOf(t, path)), "\n")+"\n"), 0o600))
			var got []string
			for _, p := range verify(t, path, VerifyOptions{}).Problems {
				got = append(got, fmt.Sprint(p.Line, " ", p.Kind, " ", p.Text))
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			for i := range got {
				if !strings.HasPrefix(got[i], c.want[i]) {
					t.Errorf("got %q, want %q", got[i], c.want[i])
				}
			}
		})
	}
}

// tampering is one random edit of a log's text.
type tampering struct {
	name string
	do   func(r *rand.Rand, text []byte, all [][]byte) []byte
}

func join(all [][]byte) []byte { return append(bytes.Join(all, []byte("\n")), '\n') }

var tamperings = []tampering{
	{"flip", func(r *rand.Rand, text []byte, _ [][]byte) []byte {
		text[r.IntN(len(text))] ^= byte(1 + r.IntN(255))
		return text
	}},
	{"delete a line", func(r *rand.Rand, _ []byte, all [][]byte) []byte {
		i := r.IntN(len(all))
		return join(slices.Delete(all, i, i+1))
	}},
	{"delete lines", func(r *rand.Rand, _ []byte, all [][]byte) []byte {
		i := r.IntN(len(all))
		return join(slices.Delete(all, i, i+1+r.IntN(len(all)-i)))
	}},
	{"swap", func(r *rand.Rand, _ []byte, all [][]byte) []byte {
		i := r.IntN(len(all))
		j := (i + 1 + r.IntN(len(all)-1)) % len(all)
		all[i], all[j] = all[j], all[i]
		return join(all)
	}},
	{"duplicate", func(r *rand.Rand, _ []byte, all [][]byte) []byte {
		i := r.IntN(len(all))
		return join(slices.Insert(all, r.IntN(len(all)+1), all[i]))
	}},
	{"insert bytes", func(r *rand.Rand, text []byte, _ [][]byte) []byte {
		b := make([]byte, 1+r.IntN(20))
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		return slices.Insert(text, r.IntN(len(text)+1), b...)
	}},
	{"delete bytes", func(r *rand.Rand, text []byte, _ [][]byte) []byte {
		i := r.IntN(len(text))
		return slices.Delete(text, i, i+1+r.IntN(min(len(text)-i, 300)))
	}},
	{"truncate", func(r *rand.Rand, text []byte, _ [][]byte) []byte { return text[:r.IntN(len(text))] }},
	{"replace a line with one that follows", func(r *rand.Rand, _ []byte, all [][]byte) []byte {
		i := r.IntN(len(all))
		all[i] = forge(r, all, i)
		return join(all)
	}},
	{"insert a line that follows", func(r *rand.Rand, _ []byte, all [][]byte) []byte {
		i := r.IntN(len(all) + 1)
		return join(slices.Insert(all, i, forge(r, all, i)))
	}},
	{"replace the tail with a chain that follows", func(r *rand.Rand, _ []byte, all [][]byte) []byte {
		for i := r.IntN(len(all)); i < len(all); i++ {
			all[i] = forge(r, all, i)
		}
		return join(all)
	}},
}

// forge makes a line that follows on the one before the i-th.
func forge(r *rand.Rand, all [][]byte, i int) []byte {
	var prev Hash
	if i > 0 {
		prev = hashOf(all[i-1])
	}
	var e encoder
	return e.body(appendHead(nil, uint64(i+1), &prev), &Event{Jail: fmt.Sprint("forged", r.Uint64()), Detail: &Exec{File: "/bin/true"}})
}

// Whatever is done to a log whose head stays, is found.
func TestEachOfAThousandRandomEditsIsFound(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	path := file(t)
	write(t, path, 120, Options{})
	original := []byte(textOf(t, path))
	headText := textOf(t, headOf(path))
	for i := range 1000 {
		c := tamperings[r.IntN(len(tamperings))]
		text := c.do(r, slices.Clone(original), bytes.Split(bytes.TrimSuffix(slices.Clone(original), []byte("\n")), []byte("\n")))
		if bytes.Equal(text, original) {
			continue
		}
		must(t, os.WriteFile(path, text, 0o600))
		rep, err := Verify(background, path, VerifyOptions{})
		if err == nil && rep.Intact() || err != nil && !errors.Is(err, ErrNotLog) {
			t.Errorf("edit %d of seed %d (%s) is not found: %v", i, seed, c.name, err)
		}
		if i%10 == 0 { // the next writer notices too, or goes on behind what it can't see, and a check finds it afterwards
			l, err := Open(path, Options{})
			if err != nil {
				if !errors.Is(err, ErrNotLog) {
					t.Errorf("edit %d of seed %d (%s): %v", i, seed, c.name, err)
				}
				continue
			}
			l.Emit(some()[0])
			must(t, l.Close(background))
			if rep := verify(t, path, VerifyOptions{}); rep.Intact() && rep.Recovered == 0 {
				t.Errorf("edit %d of seed %d (%s) is not found when the log went on", i, seed, c.name)
			}
			must(t, os.WriteFile(headOf(path), []byte(headText), 0o600))
		}
	}
}

// rewrite makes another log, with a head that fits, in place of one.
func rewrite(t *testing.T, path string) {
	t.Helper()
	must(t, os.Remove(path))
	must(t, os.Remove(headOf(path)))
	write(t, path, 12, Options{})
}

func TestWhoWritesLogAndHeadAnewIsFoundByTheKeyAlone(t *testing.T) {
	private, public, err := GenerateKey("host-1")
	must(t, err)
	path := file(t)
	write(t, path, 20, Options{Key: private, Checkpoint: 8})
	r := intact(t, path, VerifyOptions{Keys: []string{public}})
	if !r.Signed || r.Checkpoints != 3 {
		t.Errorf("signed %v, with %d checkpoints", r.Signed, r.Checkpoints)
	}
	signedHead := textOf(t, headOf(path))
	if _, err := note.Open([]byte(signedHead), note.VerifierList(verifierOf(t, public))); err != nil {
		t.Errorf("the head is no note: %v", err)
	}
	rewrite(t, path)
	intact(t, path, VerifyOptions{}) // without the key nobody can tell
	kinds(t, path, public, Signature)
	must(t, os.WriteFile(headOf(path), []byte(signedHead), 0o600))
	kinds(t, path, public, Head)
	another, _, err := GenerateKey("host-1")
	must(t, err)
	must(t, os.Remove(path))
	must(t, os.Remove(headOf(path)))
	write(t, path, 20, Options{Key: another, Checkpoint: 8})
	kinds(t, path, public, Signature, Signature, Signature, Signature)
}

func verifierOf(t *testing.T, public string) note.Verifier {
	t.Helper()
	v, err := ReadPublicKey(public)
	must(t, err)
	return v
}

// kinds fails the test unless a log has just these problems.
func kinds(t *testing.T, path, public string, want ...Kind) {
	t.Helper()
	o := VerifyOptions{}
	if public != "" {
		o.Keys = []string{public}
	}
	var got []Kind
	r := verify(t, path, o)
	for _, p := range r.Problems {
		got = append(got, p.Kind)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v: %v", got, want, r.Problems)
	}
}

// A checkpoint can't be made into a head that hides what came later.
func TestACheckpointIsNoHead(t *testing.T) {
	private, public, err := GenerateKey("k")
	must(t, err)
	path := file(t)
	write(t, path, 20, Options{Key: private, Checkpoint: 8})
	all := linesOf(t, path)
	e, err := Decode([]byte(all[8]))
	must(t, err)
	mark, ok := e.Detail.(*Checkpoint)
	if !ok {
		t.Fatalf("line 9 is a %s", e.Type())
	}
	must(t, os.WriteFile(path, []byte(strings.Join(all[:8], "\n")+"\n"), 0o600))
	must(t, os.WriteFile(headOf(path), []byte(mark.Note), 0o600))
	kinds(t, path, public, Head)
	forged := strings.Replace(mark.Note, checkpointTitle, headTitle, 1)
	must(t, os.WriteFile(headOf(path), []byte(forged), 0o600))
	kinds(t, path, public, Signature)
}
