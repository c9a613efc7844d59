package meter

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

const least = `{"schema":"jail.meter/v1","id":"1","start":"2026-11-30T03:12:00Z","tenant":"t"`

// The record is what encoding/json would make of it, and is read back.
func TestARecordIsReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for i := range 2000 {
		rec := some(r, i)
		line := bytes.TrimSuffix(rec.AppendLine(nil), []byte("\n"))
		var e entry
		must(t, e.parse(line))
		if string(e.id) != rec.ID || string(e.tenant) != rec.Tenant || e.unfinished != (rec.State == Unfinished) ||
			string(e.day()) != rec.Start.Format(time.DateOnly) || len(e.labels) != len(rec.Labels) {
			t.Fatalf("%s is read as %+v", line, e)
		}
		agree(t, line, &e)
	}
}

// agree holds what was read of a line to what encoding/json reads.
func agree(t *testing.T, line []byte, e *entry) {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(line, &all); err != nil {
		t.Fatalf("accepted, but it is no JSON: %v: %q", err, line)
	}
	for f := range figures {
		raw, want := string(all[names[f]]), "null"
		if e.known[f] {
			want = e.value[f].String()
		}
		if raw != want && (raw != "" || want != "null") {
			t.Errorf("%s is %s, read as %s: %q", names[f], raw, want, line)
		}
	}
	for key, got := range map[string][]byte{"id": e.id, "tenant": e.tenant, "start": e.start} {
		var text string
		if err := json.Unmarshal(all[key], &text); err != nil || text != string(got) {
			t.Errorf("%s is %s, read as %q (%v): %q", key, all[key], got, err, line)
		}
	}
	var labels map[string]string
	if err := json.Unmarshal(all["labels"], &labels); all["labels"] != nil && err != nil || len(labels) != len(e.labels) {
		t.Errorf("labels are %s, read as %q (%v): %q", all["labels"], e.labels, err, line)
	}
	for _, l := range e.labels {
		if labels[string(l.key)] != string(l.value) {
			t.Errorf("label %q is read as %q: %q", l.key, l.value, line)
		}
	}
}

func TestABadLineIsNamedByItsKey(t *testing.T) {
	for _, c := range []struct {
		line, key string
		want      error
	}{
		{``, "", ErrSyntax},
		{`[]`, "", ErrSyntax},
		{`{`, "", ErrSyntax},
		{least, "", ErrSyntax},
		{least + `}x`, "", ErrSyntax},
		{least + `,}`, "", ErrSyntax},
		{least + `,"x":01}`, "", ErrSyntax},
		{least + `,"x":[1,]}`, "", ErrSyntax},
		{least + `,"x":"` + "\x01" + `"}`, "", ErrSyntax},
		{least + `,"x":"` + "\xff" + `"}`, "", ErrSyntax},
		{least + `,"x":"\q"}`, "", ErrSyntax},
		{least + `,"x":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`, "", ErrSyntax},
		{`{}`, "schema", ErrMissing},
		{`{"schema":"jail.meter/v1"}`, "id", ErrMissing},
		{`{"schema":"jail.meter/v1","id":"1"}`, "start", ErrMissing},
		{`{"schema":"jail.meter/v1","id":"1","start":"2026-11-30T03:12:00Z"}`, "tenant", ErrMissing},
		{`{"schema":"jail.meter/v2"}`, "schema", ErrValue},
		{`{"schema":3}`, "schema", ErrValue},
		{`{"start":"2026-11-30 03:12:00Z"}`, "start", ErrValue},
		{`{"start":"2026-13-30T03:12:00Z"}`, "start", ErrValue},
		{`{"start":"2026-11-30T03:12:00+01:00"}`, "start", ErrValue},
		{`{"start":"2026-11-30T03:12:00.Z"}`, "start", ErrValue},
		{least + `,"tenant":"u"}`, "tenant", ErrDuplicate},
		{least + `,"cpu_ns":1,"cpu_ns":1}`, "cpu_ns", ErrDuplicate},
		{least + `,"cpu_ns":-1}`, "cpu_ns", ErrValue},
		{least + `,"cpu_ns":1.5}`, "cpu_ns", ErrValue},
		{least + `,"cpu_ns":1e3}`, "cpu_ns", ErrValue},
		{least + `,"cpu_ns":"1"}`, "cpu_ns", ErrValue},
		{least + `,"cpu_ns":007}`, "cpu_ns", ErrValue},
		{least + `,"cpu_ns":18446744073709551616}`, "cpu_ns", ErrValue},
		{least + `,"memory_byte_ns":340282366920938463463374607431768211456}`, "memory_byte_ns", ErrValue},
		{least + `,"state":"lost"}`, "state", ErrValue},
		{least + `,"labels":{"a":1}}`, "labels.a", ErrValue},
		{least + `,"labels":{"a":"1","a":"2"}}`, "labels", ErrDuplicate},
		{least + `,"labels":null}`, "", ErrSyntax},
	} {
		var e entry
		err := e.parse([]byte(c.line))
		var got *Error
		if !errors.As(err, &got) || got.Key != c.key || got.Err != c.want || got.Hint == "" {
			t.Errorf("%q: %v; want %s %v", c.line, err, c.key, c.want)
		}
	}
}

func TestARecordOfALaterVersionOrOtherOrderIsRead(t *testing.T) {
	for _, line := range []string{
		least + `}`,
		" " + least + "\t,\"new\" : {\"a\":[1,-2.5e3,null,true,{}],\"b\":\"\\u00e9\\n\"} }\r",
		`{"tenant":"t","start":"2026-11-30T03:12:00.123456789Z","id":"1","cpu_ns":18446744073709551615,"schema":"jail.meter/v1"}`,
		least + `,"memory_byte_ns":340282366920938463463374607431768211455}`,
	} {
		var e entry
		if err := e.parse([]byte(line)); err != nil {
			t.Errorf("%q: %v", line, err)
			continue
		}
		agree(t, []byte(line), &e)
	}
}

func TestNumbersAreThoseOfMathBig(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	total, want := sum{}, new(big.Int)
	for range 20000 {
		x := sum{r.Uint64() >> r.IntN(64), r.Uint64() >> r.IntN(64), 0}
		got, ok := digits([]byte(x.String()), 2)
		if !ok || got != x {
			t.Fatalf("%v is read back as %v", x.big(), got)
		}
		total.add(x)
		want.Add(want, x.big())
		if total.big().Cmp(want) != 0 || total.less(x).big().Cmp(new(big.Int).Sub(want, x.big())) != 0 {
			t.Fatalf("the sum is %v, want %v", total, want)
		}
		if d := r.Uint64() | 1; x.over(d) != min63(new(big.Int).Quo(x.big(), new(big.Int).SetUint64(d))) {
			t.Fatalf("%v over %d is %d", x, d, x.over(d))
		}
	}
	if (sum{1}).less(sum{2}) != (sum{}) {
		t.Error("less than nothing is left")
	}
}

func min63(n *big.Int) int64 {
	if !n.IsInt64() {
		return 1<<63 - 1
	}
	return n.Int64()
}

// Whatever a line holds, it is refused with its key, or read as encoding/json
// reads it.
func FuzzRecord(f *testing.F) {
	r := rand.New(rand.NewPCG(9, 9))
	for i := range 20 {
		rec := some(r, i)
		f.Add(bytes.TrimSuffix(rec.AppendLine(nil), []byte("\n")))
	}
	f.Add([]byte(least + `,"labels":{"a\u0062":"\ud800"},"x":[{"y":[]},-0.5E+3]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var e entry
		err := e.parse(line)
		var named *Error
		switch {
		case err == nil:
			agree(t, line, &e)
		case !errors.As(err, &named) || named.Hint == "":
			t.Errorf("%q: %v", line, err)
		}
	})
}

// What a caller may ask for fits its place in the table, with all figures as
// long as they can be.
func TestTheLongestRecordFitsItsPlace(t *testing.T) {
	rec := Record{ID: "4194304-" + strings.Repeat("z", 13) + "-m", Start: time.Unix(0, 1<<62+1), Tenant: strings.Repeat("\x01", 42), State: Unfinished}
	must(t, CheckTenant(rec.Tenant))
	for key := byte('a'); ; key++ {
		l, err := ParseLabel(string(key) + "=" + strings.Repeat("\u2028", 42))
		must(t, err)
		labels, err := AddLabel(rec.Labels, l)
		if err != nil {
			break
		}
		rec.Labels = labels
	}
	most := new(int64(1<<63 - 1))
	b := begun{id: rec.ID, from: *most, line: rec.AppendLine(nil)}
	for i := range b.reserved {
		b.reserved[i] = sum{1<<64 - 1, 1<<64 - 1}
	}
	if n := len(b.half()); n >= halfSize {
		t.Errorf("what is known at the beginning has %d bytes", n)
	}
	rec.State, rec.Reason, rec.Budget, rec.Exit, rec.Signal = Finished, "setup-failed", "memory", new(255), new(64)
	for _, to := range []**int64{&rec.Wall, &rec.CPU, &rec.Memory, &rec.IORead, &rec.IOWrite, &rec.OOMs} {
		*to = most
	}
	if n := len(rec.AppendLine([]byte(rec.ID + "\n"))); n >= halfSize || len(rec.Labels) < 3 {
		t.Errorf("the record has %d bytes, and %d labels", n, len(rec.Labels))
	}
}

func TestBadNamesAreRefused(t *testing.T) {
	for text, want := range map[string]error{
		"": ErrValue, "x": ErrValue, "=v": ErrValue, "a b=v": ErrValue, "a=\n": ErrValue, "a=\x7f": ErrValue, "a=\xff": ErrValue, "a,b=c": ErrValue,
		"a=" + strings.Repeat("x", 300): ErrTooLong, strings.Repeat("a", 65) + "=": ErrValue, "a=": nil, "a=b=c": nil, "A.b_c-9=日本 \"x\"": nil,
	} {
		if _, err := ParseLabel(text); !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
	var labels []Label
	for i, want := range []error{nil, nil, nil, nil, nil, nil, nil, nil, ErrTooMany} {
		var err error
		if labels, err = AddLabel(labels, Label{string(rune('a' + i)), "v"}); !errors.Is(err, want) {
			t.Errorf("label %d: %v, want %v", i, err, want)
		}
	}
	for name, want := range map[string]error{"": nil, "a\n\"b\"": nil, "\xff": ErrValue, strings.Repeat("x", 254): nil, strings.Repeat("x", 255): ErrTooLong, strings.Repeat("\n", 200): ErrTooLong} {
		if err := CheckTenant(name); !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Errorf("tenant %q: %v, want %v", name, err, want)
		}
	}
}
