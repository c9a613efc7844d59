package policy

import (
	"slices"
	"testing"
)

// FuzzMerge holds Merge to its promises for any three policies: what the later
// one doesn't name stays, so that a layer is never widened in silence; nothing is
// forgotten or reordered by where the policies are bracketed; the zero policy
// changes nothing; and no argument is changed.
func FuzzMerge(f *testing.F) {
	f.Add([]byte(everythingTOML), []byte(""), []byte("[limits]\nmemory = \"1G\""))
	f.Add([]byte("[layers]\nseccomp = \"off\""), []byte("[layers]\nseccomp = \"require\"\nnet_ns = \"try\""), []byte("[layers]\nnet_ns = \"off\""))
	f.Add([]byte("files = [{kind = \"hide\", target = \"/x\"}, {kind = \"tmpfs\", target = \"/y\"}]"),
		[]byte("files = [{kind = \"ro\", source = \"/x\"}]"), []byte("files = [{kind = \"rw\", source = \"/y\"}]\nenv = [\"A=1\"]"))
	f.Add([]byte("[hardware]\ncore_scheduling = true"), []byte("[hardware]\ncore_scheduling = false"), []byte("net = \"none\""))
	f.Fuzz(func(t *testing.T, x, y, z []byte) {
		a, b, c := decode("/a.toml", x), decode("/b.toml", y), decode("/c.toml", z)
		if len(a.errs)+len(b.errs)+len(c.errs) > 0 {
			return
		}
		checkMerge(t, a.out, b.out)
		left, right := Merge(Merge(a.out, b.out), c.out), Merge(a.out, Merge(b.out, c.out))
		if left.Digest() != right.Digest() {
			t.Fatalf("(a+b)+c is\n%+v\na+(b+c) is\n%+v", left, right)
		}
	})
}

func checkMerge(t *testing.T, base, over *Policy) {
	before, overBefore := base.Digest(), over.Digest()
	m := Merge(base, over)
	for _, l := range AllLayers() {
		want, said := over.Layers[l.Name]
		if !said {
			want = base.Layers[l.Name]
		}
		if m.Layers[l.Name] != want {
			t.Fatalf("%s is %q, want %q", l.Name, m.Layers[l.Name], want)
		}
	}
	for _, f := range base.Files {
		replaced := slices.ContainsFunc(over.Files, func(o File) bool { return o.target() == f.target() })
		if slices.Contains(m.Files, f) == replaced && !slices.Contains(over.Files, f) {
			t.Fatalf("%+v of %+v: replaced %t, in %+v", f, base.Files, replaced, m.Files)
		}
	}
	if Merge(base, &Policy{}).Digest() != before || Merge(base, nil).Digest() != before {
		t.Fatal("the zero policy changes what it is merged over")
	}
	m.setLayer(LayerSeccomp, Off)
	m.Limits.Memory = 7
	if len(m.Env) > 0 {
		m.Env[0] = "X=X"
	}
	if base.Digest() != before || over.Digest() != overBefore {
		t.Fatal("an argument was changed")
	}
}
