package result

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// read gives all results of a text.
func read(text string) (list []*Result, err error) {
	r := NewReader(strings.NewReader(text), "r.json")
	for {
		one, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		list = append(list, one)
	}
}

// valid is a result with something in each field that a Reader takes.
func valid(text string) *Result {
	r := full(text)
	r.Schema, r.Reason = Schema, Memory
	for _, l := range layers {
		r.Enforced.At(l).State = StateOff
	}
	for i := range r.Evidence.LastWords {
		r.Evidence.LastWords[i].State = DoingWait
	}
	return r
}

func TestWhatIsWrittenReadsBackToTheByte(t *testing.T) {
	for _, row := range rows {
		r := New("a1")
		row.set(&r.Evidence)
		r.Conclude()
		holdRoundTrip(t, r)
	}
	holdRoundTrip(t, valid("x"))
	holdRoundTrip(t, valid("\"\\\n\x1b\u2028é"))
}

func holdRoundTrip(t *testing.T, r *Result) {
	t.Helper()
	line := r.AppendLine(nil)
	got, err := read(string(line))
	if err != nil || len(got) != 1 {
		t.Fatalf("%d results, %v of %s", len(got), err, line)
	}
	if d := cmp.Diff(r, got[0]); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(string(line), string(got[0].AppendLine(nil))); d != "" {
		t.Error(d)
	}
}

func TestManyResultsAreReadOneByOne(t *testing.T) {
	a, b := string(New("a").AppendLine(nil)), string(New("b").AppendLine(nil))
	var indented bytes.Buffer
	for c := range strings.SplitSeq(a, ",") {
		indented.WriteString(c + ",\n")
	}
	indented.Truncate(indented.Len() - 2)
	for name, text := range map[string]string{
		"lines": a + b, "with blank lines": "\n\n" + a + "\n \n" + b + "\n", "array": "[" + a + "," + b + "]",
		"two arrays": "[" + a + "][]\n[" + b + "]", "laid out": indented.String() + b,
	} {
		list, err := read(text)
		if err != nil || len(list) != 2 || list[0].ID != "a" || list[1].ID != "b" {
			t.Errorf("%s: %d results, %v", name, len(list), err)
		}
	}
}

func TestAReaderTellsTheLine(t *testing.T) {
	a := string(New("a").AppendLine(nil))
	r := NewReader(strings.NewReader(a+"\n"+a), "r.json")
	for _, want := range []int{1, 3} {
		if _, err := r.Next(); err != nil || r.Line() != want {
			t.Errorf("line %d, want %d (%v)", r.Line(), want, err)
		}
	}
}

func TestWhatIsNoResultIsNamedByLineAndKey(t *testing.T) {
	line := string(New("a").AppendLine(nil))
	with := func(old, new string) string {
		if !strings.Contains(line, old) {
			t.Fatalf("no %s in %s", old, line)
		}
		return strings.Replace(line, old, new, 1)
	}
	for _, c := range []struct {
		text, key string
		line      int
		problem   error
	}{
		{"", "", 1, ErrEmpty},
		{" \n\n", "", 1, ErrEmpty},
		{"[", "", 1, ErrTruncated},
		{"3", "", 1, ErrNoResult},
		{`"text"`, "", 1, ErrNoResult},
		{"[3]", "", 1, ErrNoResult},
		{"[[" + line, "", 1, ErrNoResult},
		{"hello\n" + line, "", 1, ErrSyntax},
		{line + "hello\n", "", 2, ErrSyntax},
		{line[:strings.Index(line, `"pids":null`)+8], "limits.pids", 1, ErrTruncated},
		{line[:len(line)-2], "", 1, ErrTruncated},
		{line + line[:60], "", 2, ErrTruncated},
		{with(`jail.result/v1`, `jail.result/v2`), "schema", 1, ErrSchema},
		{"{}", "schema", 1, ErrMissing},
		{`{"schema":"jail.result/v1"}`, "id", 1, ErrMissing},
		{`{"foo":[{"bar":[]}],"id":"x"}`, "schema", 1, ErrMissing},
		{with(`"schema"`, `"SCHEMA"`), "schema", 1, ErrMissing},
		{with(`"id":"a",`, ``), "id", 1, ErrMissing},
		{with(`"id":"a",`, `"id":"a","id":"b",`), "id", 1, ErrDuplicate},
		{with(`"id":"a",`, `"id":"a",,`), "", 1, ErrSyntax},
		{with(`"id":"a"`, `"id":"a" "x":1`), "", 1, ErrSyntax},
		{with(`"id":"a"`, `"id":null`), "id", 1, ErrType},
		{with(`"id":"a"`, `"id":3`), "id", 1, ErrType},
		{with(`"reason":"internal"`, `"reason":"whim"`), "reason", 1, ErrUnknown},
		{with(`"state":"absent"`, `"state":"melted"`), "enforced.user_ns.state", 1, ErrUnknown},
		{with(`"started":false`, `"started":0`), "evidence.started", 1, ErrType},
		{with(`"wait_status":null`, `"wait_status":-1`), "evidence.wait_status", 1, ErrType},
		{with(`"wait_status":null`, `"wait_status":4294967296`), "evidence.wait_status", 1, ErrType},
		{with(`"wall_ns":null`, `"wall_ns":1e3`), "usage.wall_ns", 1, ErrType},
		{with(`"wall_ns":null`, `"wall_ns":9223372036854775808`), "usage.wall_ns", 1, ErrType},
		{with(`"usage":{`, `"usage":[{`), "usage", 1, ErrType},
		{with(`"denials":[]`, `"denials":{}`), "denials", 1, ErrType},
		{with(`"denials":[]`, `"denials":[{}]`), "denials[0].layer", 1, ErrMissing},
		{with(`"denials":[]`, `"denials":[null]`), "denials[0]", 1, ErrType},
		{with(`"setup":null`, `"setup":{"index":1,"step":"x","errno":"ENOSUCH","exec":false}`), "evidence.setup.errno", 1, ErrUnknown},
		{with(`"last_words":null`, `"last_words":[{"pid":1,"inner_pid":1,"tid":1,"comm":"a","state":"dancing"}]`), "evidence.last_words[0].state", 1, ErrUnknown},
		{"[" + line + ",\n" + with(`"id":"a",`, ``) + "]", "[1].id", 3, ErrMissing},
	} {
		_, err := read(c.text)
		var e *ReadError
		if !errors.As(err, &e) || e.Err != c.problem || e.Key != c.key || e.Line != c.line || e.Object != "r.json" {
			t.Errorf("%.90q: %v; want line %d, key %s: %v", c.text, err, c.line, c.key, c.problem)
		}
	}
}

func TestAKeyOfANewerVersionIsPassedOverAndTold(t *testing.T) {
	line := string(New("a").AppendLine(nil))
	line = strings.Replace(line, `"started"`, `"mood":{"of":["it",{}]},"started"`, 1)
	r := NewReader(strings.NewReader(line), "r.json")
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"evidence.mood"}, r.Unknown()); d != "" {
		t.Error(d)
	}
}

func TestAResultFromBeforeTheLastWordsIsRead(t *testing.T) {
	r := New("a")
	line := strings.Replace(string(r.AppendLine(nil)), `,"last_words":null,"last_words_more":null`, ``, 1)
	got, err := read(line)
	if err != nil || len(got) != 1 {
		t.Fatal(err)
	}
	if d := cmp.Diff(r, got[0]); d != "" || strings.Contains(line, "last_words") {
		t.Error(d)
	}
}

func TestAResultOfAnyLengthIsBounded(t *testing.T) {
	line := string(New("a").AppendLine(nil))
	for name, text := range map[string]string{
		"text":        strings.Replace(line, `"id":"a"`, `"id":"`+strings.Repeat("a", mostDocument)+`"`, 1),
		"white space": strings.Repeat(" ", mostDocument+1) + line,
		"depth":       strings.Replace(line, `"id"`, `"deep":`+strings.Repeat("[", mostDocument), 1),
	} {
		if _, err := read(text); !errors.Is(err, ErrTooLong) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err := read(strings.Repeat(line, 3*mostDocument/len(line))); err != nil {
		t.Errorf("%d results: %v", len(list), err)
	}
}

func TestAFileThatCannotBeReadKeepsItsCause(t *testing.T) {
	_, err := NewReader(errReader{}, "r.json").Next()
	var e *ReadError
	if !errors.As(err, &e) || e.Op != "read" || !errors.Is(err, unix.EIO) {
		t.Error(err)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, unix.EIO }

// What is read is written as something that reads back as the same.
func FuzzWhatIsReadIsWrittenAndReadTheSame(f *testing.F) {
	for _, r := range []*Result{New("a"), valid("x")} {
		f.Add(r.AppendLine(nil))
	}
	f.Add([]byte("[]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := read(string(text))
		var e *ReadError
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%T %v", err, err)
		}
		for _, r := range list {
			holdRoundTrip(t, r)
			if s := Sentence(r); strings.ContainsAny(s, "\n\x1b") || Met(r) == " " || Lost(r) == " " {
				t.Fatalf("%q", s)
			}
			if s := ExitStatus(r); r.Reason != Exited && s == 0 {
				t.Fatalf("%s has status 0", r.Reason)
			}
		}
	})
}
