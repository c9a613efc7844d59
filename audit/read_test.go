package audit

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/safepath"
)

// A log is followed over a rotation, each entry once and in its order.
func TestFollowGoesOnOverARotation(t *testing.T) {
	path := file(t)
	write(t, path, 10, Options{})
	ctx, cancel := context.WithTimeout(background, 30*time.Second)
	defer cancel()
	got := make(chan uint64, 10000)
	ended := make(chan error, 1)
	go func() {
		ended <- Follow(ctx, path, 3, nil, func(e *Entry, err error) error {
			if err != nil {
				return err
			}
			got <- e.Seq
			return nil
		})
	}()
	first := <-got
	if first != 8 {
		t.Errorf("it begins with %d", first)
	}
	write(t, path, 2000, Options{MaxSize: leastSize})
	last := verify(t, path, VerifyOptions{}).Last
	for want := first + 1; want <= last; want++ {
		select {
		case seq := <-got:
			if seq != want {
				t.Fatalf("%d comes after %d", seq, want-1)
			}
		case err := <-ended:
			t.Fatalf("before %d of %d: %v", want, last, err)
		}
	}
	cancel()
	must(t, <-ended)
}

func TestTailGivesTheLast(t *testing.T) {
	path := file(t)
	write(t, path, 50, Options{})
	for n, want := range map[int]int{0: 0, 1: 1, 10: 10, 50: 50, 99: 50} {
		var seqs []uint64
		must(t, Tail(path, n, nil, func(e *Entry, err error) error {
			must(t, err)
			seqs = append(seqs, e.Seq)
			return nil
		}))
		if len(seqs) != want || want > 0 && seqs[want-1] != 50 {
			t.Errorf("the last %d are %v", n, seqs)
		}
	}
}

func TestWhatIsNoLogIsNamed(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/good", 5, Options{})
	for name, text := range map[string]string{"notes": "my notes\n", "empty": "", "zeros": string(make([]byte, 100)), "long": strings.Repeat("x", 3*MostLine), "lines": strings.Repeat("{}\n", 100)} {
		must(t, os.WriteFile(dir+"/"+name, []byte(text), 0o600))
	}
	must(t, os.Symlink("good", dir+"/link"))
	nothing := func(*Entry, error) error { return nil }
	for name, want := range map[string]error{"notes": ErrNotLog, "empty": ErrEmpty, "zeros": ErrNotLog, "long": ErrNotLog, "lines": ErrNotLog, "": safepath.Directory, "missing": os.ErrNotExist, "good": nil} {
		path := dir + "/" + name
		_, err := Verify(background, path, VerifyOptions{})
		each := Each(background, path, nil, func(*Entry, []byte, error) error { return nil })
		tail := Tail(path, 5, nil, nothing)
		for verb, err := range map[string]error{"verify": err, "each": each, "tail": tail} {
			if !errors.Is(err, want) || err != nil && !strings.Contains(err.Error(), path) {
				t.Errorf("%s of %s: %v", verb, name, err)
			}
		}
	}
	must(t, os.WriteFile(dir+"/two", append([]byte("{}\n"), textOf(t, dir+"/good")...), 0o600))
	var bad error
	must(t, Each(background, dir+"/two", nil, func(_ *Entry, _ []byte, err error) error { bad = errors.Join(bad, err); return nil }))
	if bad == nil || !strings.Contains(bad.Error(), "two:1: is not a line") {
		t.Errorf("%v", bad)
	}
	if _, err := Verify(background, dir+"/good", VerifyOptions{Keys: []string{"x"}}); !errors.Is(err, ErrKey) {
		t.Errorf("a key that is none: %v", err)
	}
}

func TestAHeadOfAnotherLogIsNamed(t *testing.T) {
	a, b := file(t), file(t)
	write(t, a, 5, Options{})
	write(t, b, 5, Options{})
	must(t, os.WriteFile(headOf(a), []byte(textOf(t, headOf(b))), 0o600))
	kinds(t, a, "", Head)
	must(t, os.WriteFile(headOf(a), []byte("x"), 0o600))
	kinds(t, a, "", Head)
	must(t, os.Remove(headOf(a)))
	kinds(t, a, "", Head)
}

func TestALogIsSummedUpAndExported(t *testing.T) {
	path := file(t)
	l := open(t, path, Options{})
	for range 2 {
		for _, e := range some() {
			l.Emit(e)
		}
	}
	l.Emit(Event{Jail: "=cmd\x1b", Program: "-x", Detail: &Kill{}})
	must(t, l.Close(background))
	var s Summary
	var out, table bytes.Buffer
	asCSV, asJSON := CSV(&table), JSONArray(&out)
	f := Filter{Type: TypeKill, Since: time.Now().Add(-time.Hour)}
	must(t, Each(background, path, nil, func(e *Entry, line []byte, err error) error {
		must(t, err)
		s.Add(e)
		if !f.Takes(e) {
			return nil
		}
		return errors.Join(asCSV.Add(e, line), asJSON.Add(e, line))
	}))
	must(t, errors.Join(asCSV.End(), asJSON.End()))
	if s.Events != 15 || s.Types["kill"] != 3 || s.Denials[Denied{"mount", "mount"}] != 6 || s.Ends["cpu-limit"] != 2 || s.Jails["j-1"] != 14 {
		t.Errorf("%+v", s)
	}
	if text := table.String(); strings.Count(text, "\n") != 4 || !strings.Contains(text, `,\u003dcmd\u001b,`) || !strings.Contains(text, `,\u002dx,`) {
		t.Errorf("%q", text)
	}
	if text := out.String(); strings.Count(text, "\n") != 5 || !strings.HasPrefix(text, "[\n{") || !strings.HasSuffix(text, "}\n]\n") {
		t.Errorf("%q", text)
	}
	table.Reset()
	must(t, errors.Join(s.WriteTable(&table), s.WriteJSON(&table)))
	if text := table.String(); !strings.Contains(text, "mount (mount)  6") || strings.Contains(text, "\x1b") || !strings.Contains(text, `{"name":"kill","count":3}`) {
		t.Errorf("%q", text)
	}
}

func TestAKeyIsMadeOnce(t *testing.T) {
	path := t.TempDir() + "/key"
	must(t, WriteKey("host-1", path))
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st, err)
	}
	if err := WriteKey("host-1", path); !errors.Is(err, ErrExists) {
		t.Errorf("%v", err)
	}
	if err := WriteKey("a b", path+"2"); !errors.Is(err, ErrKeyName) {
		t.Errorf("%v", err)
	}
	log := file(t)
	write(t, log, 3, Options{Key: textOf(t, path)})
	intact(t, log, VerifyOptions{Keys: []string{textOf(t, path+".pub")}})
	if _, err := Verify(background, log, VerifyOptions{Keys: []string{textOf(t, path)}}); !errors.Is(err, ErrPrivateKey) {
		t.Errorf("%v", err)
	}
	if _, err := Open(log, Options{Key: textOf(t, path+".pub")}); !errors.Is(err, ErrPublicKey) {
		t.Errorf("%v", err)
	}
}
