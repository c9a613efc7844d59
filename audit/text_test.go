package audit

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// lineOf is the line of one event.
func lineOf(e *Event, r *Redactor) []byte {
	enc := encoder{redactor: r}
	return enc.body(appendHead(nil, 1, &Hash{}), e)
}

func TestNoTextLeavesItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"plain ~":               `plain ~`,
		`"\`:                    `\"\\`,
		"a\nb\r\x00\x1b[2J\x7f": `a\u000ab\u000d\u0000\u001b[2J\u007f`,
		"\u202eabc\u2066":       `\u202eabc\u2066`,
		"ä€\u2028":              `\u00e4\u20ac\u2028`,
		"😀":                     `\ud83d\ude00`,
		"\xff\xc3(":             `\udcff\udcc3(`,
		"\xed\xb2\x80":          `\udced\udcb2\udc80`, // what would be a lone half in UTF-8 is none there
		"\ufffd":                `\ufffd`,
	} {
		line := lineOf(&Event{Program: text, Detail: &Kill{Cause: text}}, nil)
		if got := string(line); !strings.Contains(got, `"detail":{"cause":"`+want+`"}`) {
			t.Errorf("%q is written as %s", text, got)
		}
		for _, c := range line {
			if c < ' ' || c > '~' {
				t.Errorf("%q leaves %q in the line", text, c)
			}
		}
		e, err := Decode(line)
		must(t, err)
		if k, ok := e.Detail.(*Kill); !ok || k.Cause != text || e.Program != text {
			t.Errorf("%q is read as %+v", text, e.Detail)
		}
	}
}

// worst is an event of which nothing fits.
func worst(d Detail) *Event {
	long := strings.Repeat("\xff", 1<<20)
	v := reflect.ValueOf(d).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Interface().(type) {
		case string:
			f.SetString(long)
		case []string:
			f.Set(reflect.ValueOf([]string{long, long, long, long, long, long, long, long}))
		case []uint64:
			f.Set(reflect.ValueOf(make([]uint64, 100)))
		}
	}
	return &Event{Jail: long, Program: long, Policy: long, Detail: d}
}

func TestNoLineIsTooLong(t *testing.T) {
	for _, row := range typeRows {
		line := lineOf(worst(row.empty()), nil)
		if len(line) > MostLine {
			t.Errorf("%s has %d bytes", row.name, len(line))
		}
		e, err := Decode(line)
		if err != nil || !e.Truncated {
			t.Errorf("%s: truncated %v, %v", row.name, e != nil && e.Truncated, err)
		}
	}
	many := lineOf(&Event{Detail: &Launch{Argv: strings.Split(strings.Repeat("a,", 100), ",")}}, nil)
	e, err := Decode(many)
	must(t, err)
	if l, ok := e.Detail.(*Launch); !ok || len(l.Argv) != mostTexts || !e.Truncated {
		t.Errorf("of 101 arguments: %+v", e)
	}
}

func TestOnlyWhatThisPackageWritesIsALine(t *testing.T) {
	good := string(lineOf(&Event{Time: time.Date(2026, 2, 28, 1, 2, 3, 4, time.UTC), MonoNS: 5, Program: "é", Detail: &Denial{Args: []uint64{1}}}, nil))
	if _, err := Decode([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{`"seq":1`, `"seq":01`}, {`"seq":1`, `"seq":-1`}, {`"seq":1`, `"seq":18446744073709551616`}, {`"seq":1`, `"seq": 1`},
		{`"pid":0`, `"pid":-0`}, {`"pid":0`, `"pid":00`}, {`"pid":0`, `"pid":0.0`}, {`"pid":0`, `"pid":9223372036854775808`},
		{`02-28T`, `02-30T`}, {`000000004Z`, `00000004Z`}, {`T01:`, `T24:`}, {`"denial"`, `"Denial"`}, {`"denial"`, `"kill"`},
		{`\u00e9`, `\u00E9`}, {`\u00e9`, "é"}, {`\u00e9`, `\u0041`}, {`\u00e9`, `\ud800`}, {`\u00e9`, `\udc41`}, {`\u00e9`, `\udcc3\udca9`}, {`\u00e9`, `\n`}, {`\u00e9`, "\n"},
		{`"0x1"`, `"0x01"`}, {`"0x1"`, `"0X1"`}, {`"0x1"`, `"0xF"`}, {`"0x1"`, `1`}, {`false}`, `false} `}, {`false}`, `maybe}`}, {`,"rule"`, `, "rule"`}, {`"prev":"0`, `"prev":"G`},
	} {
		if line := strings.Replace(good, c[0], c[1], 1); line == good {
			t.Errorf("%s is not in %s", c[0], good)
		} else if _, err := Decode([]byte(line)); !errors.Is(err, ErrLine) {
			t.Errorf("%s for %s: %v", c[1], c[0], err)
		}
	}
}

func TestSecretsAreTakenOut(t *testing.T) {
	r, err := NewRedactor([]string{"hunter2", "ter2x", "\nkey", "p\"ä"}, regexp.MustCompile(`tok_[a-z0-9]*`))
	must(t, err)
	for text, want := range map[string]string{
		"":                      "",
		"nothing":               "nothing",
		"--pass=hunter2 hunter": "--pass=[redacted] hunter",
		"hunter2x":              "[redacted]", // they overlap
		"hunter2hunter2":        "[redacted]",
		"a tok_9z, tok_":        "a [redacted], [redacted]",
		"\nkey\n":               "[redacted]\n",
		`"/p\"\u00e4\nkey"`:     `"/[redacted]"`, // as a Go literal has them
	} {
		if got := r.Redact(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	for _, split := range []int{mostText - 3, mostText, mostText + 1} { // a secret that is cut by the bound
		long := strings.Repeat("x", split) + "hunter2"
		if line := string(lineOf(&Event{Program: long, Detail: &Launch{Argv: []string{long}, Labels: []string{"hunter2=hunter2"}}}, r)); strings.Contains(line, "hunt") {
			t.Errorf("a part of a secret is left at %d: %s", split, line)
		}
	}
	if _, err := NewRedactor([]string{"a", ""}); !errors.Is(err, ErrNoText) {
		t.Errorf("an empty secret: %v", err)
	}
	if _, err := Open(file(t), Options{Redact: []string{""}}); !errors.Is(err, ErrNoText) {
		t.Errorf("an empty secret: %v", err)
	}
}

func TestEveryTextOfEveryEventIsRedacted(t *testing.T) {
	r, err := NewRedactor([]string{"s3cret"})
	must(t, err)
	for _, row := range typeRows {
		d := row.empty()
		v := reflect.ValueOf(d).Elem()
		for i := range v.NumField() {
			switch f := v.Field(i); f.Interface().(type) {
			case string:
				f.SetString("a s3cret b")
			case []string:
				f.Set(reflect.ValueOf([]string{"s3cret", "s3cret"}))
			}
		}
		if line := string(lineOf(&Event{Jail: "s3cret", Program: "s3cret", Policy: "s3cret", Detail: d}, r)); strings.Contains(line, "s3cret") {
			t.Error(line)
		}
	}
}

// FuzzText holds the writing and the reading of texts to each other.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "plain", "\x00\n\x1b\x7f", "\xff\xc3\xa9\xc3", "\xed\xa0\x80", "😀\u202e", strings.Repeat("é", 2000), `\udc80`} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		e := &Event{Program: a, Detail: &Launch{Argv: []string{a, b}, Tenant: b}}
		line := lineOf(e, nil)
		got, err := Decode(line)
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		l, ok := got.Detail.(*Launch)
		if !ok || !got.Truncated && (got.Program != a || l.Argv[0] != a || l.Argv[1] != b || l.Tenant != b) {
			t.Fatalf("%q and %q are read as %+v", a, b, l)
		}
		if !strings.HasPrefix(a, got.Program) || len(a)*6 < mostText && got.Program != a {
			t.Fatalf("%q is cut to %q", a, got.Program)
		}
		if utf8.ValidString(a) != utf8.ValidString(got.Program) && !got.Truncated {
			t.Fatal("bytes became runes")
		}
	})
}

// FuzzLine takes any line: one that is read is written back as it was.
func FuzzLine(f *testing.F) {
	for _, e := range some() {
		e.Time = time.Unix(1e9, 1).UTC()
		f.Add(lineOf(&e, nil))
	}
	f.Add([]byte(`{"schema":"jail.audit/v1","seq":1,`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var p parser
		seq, prev, kind, ok := p.check(line)
		e, err := Decode(line)
		if ok != (err == nil) {
			t.Fatalf("looked at: %v, read: %v", ok, err)
		}
		if !ok {
			return
		}
		if e.Seq != seq || e.Prev != prev || e.Type() != kind {
			t.Fatal("read otherwise than looked at")
		}
		if e.Truncated || e.MonoNS == 0 { // a cut text is not known to have been cut, and 0 means now
			return
		}
		var enc encoder
		if again := enc.body(appendHead(nil, e.Seq, &e.Prev), &e.Event); string(again) != string(line) {
			t.Fatalf("%s\nis written back as\n%s", line, again)
		}
	})
}

func TestEmitCostsNoMemory(t *testing.T) {
	l := open(t, file(t), Options{Linger: -1, Events: 1 << 20, Bytes: 64 << 20})
	e := some()[2]
	l.queue.text = make([]byte, 0, 8<<20)
	l.queue.ends = make([]int, 0, 1<<16)
	if n := testing.AllocsPerRun(1000, func() { l.Emit(e) }); n > 0 {
		t.Errorf("%v allocations for each event", n)
	}
	must(t, l.Close(background))
}

func ExampleDecode() {
	e, err := Decode([]byte(`{"schema":"jail.audit/v1","seq":1,"prev":"0000000000000000000000000000000000000000000000000000000000000000","type":"kill","time":"2026-11-30T10:00:00.000000001Z","mono_ns":7,"jail":"j","pid":1,"inner_pid":0,"program":"a.out","policy":"","detail":{"cause":"\u001b[2J"},"truncated":false}`))
	fmt.Printf("%v %d %q %v\n", e.Type(), e.Seq, e.Detail.(*Kill).Cause, err)
	// Output: kill 1 "\x1b[2J" <nil>
}
