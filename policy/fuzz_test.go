package policy

import (
	"errors"
	"strings"
	"testing"
)

// FuzzLoad holds Load to its promises for any bytes: it never panics; each
// refusal is typed and has its line; what it takes is valid, and resolves,
// prints and loads again to the same digest. Includes are left out: they would
// read the host's files.
func FuzzLoad(f *testing.F) {
	for _, s := range []string{
		"", everythingTOML, "limits.cpu = 2", "[[files]]\n[files.x]", "env.A.B = 1", "a = [[[[1]]]]", "files = [{kind = \"hide\", target = \"/x\"}]",
		"[limits]\nmemory = \"64MB\"", "[limits]\ncpu = \"9223372036.854775807s\"", "net = '''none'''", "include = [\"x\"]", "env = [\"A=\\u0001\"]",
	} {
		f.Add(false, []byte(s))
	}
	for _, s := range []string{everythingJSON, "{}", `{"env": {"A": "\u0000"}}`, `{"limits": {"pids": 1e9}}`, `{"a":[}`, `{"env":["A=\ud800"]}`} {
		f.Add(true, []byte(s))
	}
	f.Fuzz(func(t *testing.T, isJSON bool, data []byte) {
		name := "/p.toml"
		if isJSON {
			name = "/p.json"
		}
		d := decode(name, data)
		if len(d.errs) > 0 {
			checkRefusal(t, errors.Join(d.errs...))
			return
		}
		if err := d.out.Validate(); err != nil {
			t.Fatalf("loads, but isn't valid: %v", err)
		}
		checkRoundTrip(t, d.out)
	})
}

func checkRefusal(t *testing.T, err error) {
	for _, e := range Errors(err) {
		if e.File == "" || e.Line < 1 || e.Column < 1 || e.Err == nil || strings.ContainsAny(e.Error(), "\n\x00") {
			t.Fatalf("%+v: %q", e, e)
		}
	}
}

func checkRoundTrip(t *testing.T, p *Policy) {
	r := p.Resolve(Caller{})
	text, err := r.MarshalTOML()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse("/p.toml", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if r.Digest() != back.Digest() || r.Digest() != back.Resolve(Caller{Root: true}).Digest() {
		again, _ := back.MarshalTOML()
		t.Fatalf("%s\nbecame\n%s", text, again)
	}
}

// FuzzOption holds every option to: no panic, and what it takes is valid.
func FuzzOption(f *testing.F) {
	for i, o := range options {
		f.Add(i, o.Example)
		f.Add(i, "../"+o.Example+"?")
	}
	f.Fuzz(func(t *testing.T, i int, arg string) {
		o := options[uint(i)%uint(len(options))]
		var p Policy
		if err := o.Set(&p, arg); err != nil {
			checkOptionError(t, err)
			return
		}
		if err := p.Validate(); err != nil {
			t.Fatalf("--%s %q was taken: %v", o.Name, arg, err)
		}
	})
}

func checkOptionError(t *testing.T, err error) {
	var e *Error
	if !errors.As(err, &e) || !strings.HasPrefix(e.Key, "--") || e.Hint == "" || strings.ContainsAny(err.Error(), "\n\x00") {
		t.Fatalf("%q", err)
	}
}
