package exchange

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

var work = []string{
	"out/a.txt = alpha", "out/b.txt = beta", "out/run ! = x", "out/sub/c.txt = gamma", "out/sub/deep/d.txt = delta", "out/empty/",
	"out/link -> a.txt", "out/away -> /etc/passwd", "out/fifo |", "top = t", "[odd]*.txt = odd", ".hidden = h",
}

func TestWhatIsNamedIsCopied(t *testing.T) {
	tree := look(t, grow(t, t.TempDir(), work...))
	for from, want := range map[string][]string{
		"top":                 {"top = t"},
		"./out//a.txt":        {"a.txt = alpha"},
		"out/sub":             {"sub/", "sub/c.txt = gamma", "sub/deep/", "sub/deep/d.txt = delta"},
		"out/empty":           {"empty/"},
		"out/*.txt":           {"a.txt = alpha", "b.txt = beta"},
		"out/[^a].txt":        {"b.txt = beta"},
		"out/?.txt":           {"a.txt = alpha", "b.txt = beta"},
		"out/*/c.txt":         {"sub/", "sub/c.txt = gamma"},
		"out/**/d.txt":        {"sub/", "sub/deep/", "sub/deep/d.txt = delta"},
		"**/[cd].txt":         {"out/", "out/sub/", "out/sub/c.txt = gamma", "out/sub/deep/", "out/sub/deep/d.txt = delta"},
		"out/s*":              {"sub/", "sub/c.txt = gamma", "sub/deep/", "sub/deep/d.txt = delta"},
		"**/sub/**/*.txt":     {"out/", "out/sub/", "out/sub/c.txt = gamma", "out/sub/deep/", "out/sub/deep/d.txt = delta"},
		`\[odd\]\*.txt`:       {"[odd]*.txt = odd"},
		Literal("[odd]*.txt"): {"[odd]*.txt = odd"},
		"*h*":                 {".hidden = h"},
	} {
		into := t.TempDir()
		r, err := Out(t.Context(), tree, from, ToFolder(into, HostOptions{}), OutOptions{})
		if err != nil {
			t.Errorf("%s: %v", from, err)
		}
		same(t, from, lines(t, into), want...)
		if files := slices.DeleteFunc(slices.Clone(want), func(s string) bool { return strings.HasSuffix(s, "/") }); r.Files != len(files) {
			t.Errorf("%s: %d files are reported, not %d", from, r.Files, len(files))
		}
	}
}

func TestAllIsCopiedButWhatIsNoFileOrFolder(t *testing.T) {
	tree, into := look(t, grow(t, t.TempDir(), work...)), t.TempDir()
	r, err := Out(t.Context(), tree, ".", ToFolder(into, HostOptions{}), OutOptions{})
	must(t, err)
	same(t, "all", lines(t, into), "out/", "out/a.txt = alpha", "out/b.txt = beta", "out/run = x !", "out/sub/", "out/sub/c.txt = gamma",
		"out/sub/deep/", "out/sub/deep/d.txt = delta", "out/empty/", "top = t", "[odd]*.txt = odd", ".hidden = h")
	codes := map[string]Code{}
	for _, s := range r.Skipped {
		codes[s.Path] = code(s.Err)
	}
	want := map[string]Code{"out/link": IsLink, "out/away": IsLink, "out/fifo": NotRegular}
	for path, c := range want {
		if codes[path] != c {
			t.Errorf("%s is skipped as %q, not %q", path, codes[path], c)
		}
	}
	if len(codes) != len(want) {
		t.Errorf("skipped: %v", r.Skipped)
	}
}

func TestWhatIsNamedAndCannotBeCopiedIsAnError(t *testing.T) {
	tree := look(t, grow(t, t.TempDir(), append(slices.Clone(work), "dirlink -> out")...))
	for from, want := range map[string]Code{
		"absent": NotFound, "absent/x": NotFound, "out/a.txt/x": OpenFailed, "out/link": IsLink, "out/away": IsLink, "dirlink/a.txt": IsLink,
		"dirlink": IsLink, "out/fifo": NotRegular, "out/z*": NotFound, "/top": BadRequest, "../top": BadRequest, "out/../top": BadRequest,
		"": BadRequest, "out/[": BadRequest, "out/*/../x": BadRequest, "a\x00b": BadRequest,
	} {
		r, err := Out(t.Context(), tree, from, ToFolder(t.TempDir(), HostOptions{}), OutOptions{})
		if code(err) != want || len(r.Items) > 0 {
			t.Errorf("%q: %v (%s), not %s", from, err, code(err), want)
		}
	}
}

func TestOneThingIsPutUnderTheNameThatWasAskedFor(t *testing.T) {
	tree, into := look(t, grow(t, t.TempDir(), work...)), t.TempDir()
	for from, to := range map[string]string{"top": "renamed", "out/sub": "folder", "out/empty": "gone/"} {
		_, err := Out(t.Context(), tree, from, ToPath(into+"/"+to, HostOptions{}), OutOptions{})
		must(t, err)
	}
	same(t, "renamed", lines(t, into), "renamed = t", "folder/", "folder/c.txt = gamma", "folder/deep/", "folder/deep/d.txt = delta", "gone/")
	if _, err := Out(t.Context(), tree, "out/*", ToPath(into+"/x", HostOptions{}), OutOptions{}); code(err) != BadRequest {
		t.Errorf("a pattern to one path: %v", err)
	}
	all := t.TempDir()
	_, err := Out(t.Context(), look(t, into), ".", ToPath(all+"/all", HostOptions{}), OutOptions{})
	must(t, err)
	if got := lines(t, all); !slices.Contains(got, "all/folder/deep/d.txt = delta") {
		t.Errorf("the tree itself under a name: %q", got)
	}
}

func TestModesAreNormalAndOwnersTheCallers(t *testing.T) {
	dir, into := t.TempDir(), t.TempDir()
	for name, mode := range map[string]uint32{"plain": 0o600, "open": 0o666, "run": 0o711, "setid": 0o6755, "sticky": 0o1644} {
		must(t, os.WriteFile(dir+"/"+name, nil, 0o600))
		must(t, unix.Chmod(dir+"/"+name, mode))
	}
	must(t, os.Mkdir(dir+"/folder", 0o755))
	must(t, unix.Chmod(dir+"/folder", 0o3777))
	if os.Geteuid() == 0 {
		must(t, os.Chown(dir+"/plain", 4242, 4242))
	}
	_, err := Out(t.Context(), look(t, dir), ".", ToFolder(into, HostOptions{}), OutOptions{})
	must(t, err)
	mask := unix.Umask(0)
	unix.Umask(mask)
	for name, mode := range map[string]uint32{"plain": 0o644, "open": 0o644, "run": 0o755, "setid": 0o755, "sticky": 0o644, "folder": 0o755} {
		var st unix.Stat_t
		must(t, unix.Stat(into+"/"+name, &st))
		if want := mode &^ uint32(mask); st.Mode&0o7777 != want || st.Uid != uint32(os.Geteuid()) {
			t.Errorf("%s has mode %o and owner %d, not %o", name, st.Mode&0o7777, st.Uid, want)
		}
	}
}

func TestAFileThatIsThereIsReplacedOnlyIfAskedFor(t *testing.T) {
	tree, into := look(t, grow(t, t.TempDir(), "f = new", "dir = new", "link = new")), grow(t, t.TempDir(), "f = old", "dir/", "link -> f")
	for _, from := range []string{"f", "dir", "link"} {
		if _, err := Out(t.Context(), tree, from, ToFolder(into, HostOptions{}), OutOptions{}); code(err) != CreateFailed {
			t.Errorf("%s was there: %v", from, err)
		}
	}
	same(t, "not replaced", lines(t, into), "f = old", "dir/", "link -> f")
	for from, want := range map[string]Code{"f": "", "dir": CreateFailed, "link": CreateFailed} {
		if _, err := Out(t.Context(), tree, from, ToFolder(into, HostOptions{Replace: true}), OutOptions{}); code(err) != want {
			t.Errorf("%s is to be replaced: %v", from, err)
		}
	}
	same(t, "replaced", lines(t, into), "f = new", "dir/", "link -> f")
}

func TestOneFileGoesToAWriter(t *testing.T) {
	tree := look(t, grow(t, t.TempDir(), work...))
	for from, want := range map[string]Code{"out/a.txt": "", "out/sub": NotRegular, "out/*.txt": BadRequest, "out/fifo": NotRegular, "out/a*": ""} {
		var b bytes.Buffer
		_, err := Out(t.Context(), tree, from, ToWriter(&b), OutOptions{})
		if code(err) != want || want == "" && b.String() != "alpha" {
			t.Errorf("%s: %q, %v", from, b.String(), err)
		}
	}
}

func TestATarHoldsWhatAFolderWould(t *testing.T) {
	tree := look(t, grow(t, t.TempDir(), append(slices.Clone(work), "out/\xff\n = bytes")...))
	var b bytes.Buffer
	_, err := Out(t.Context(), tree, "out", ToTar(&b), OutOptions{KeepLinks: true})
	must(t, err)
	var got []string
	for r := tar.NewReader(&b); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		must(t, err)
		content, err := io.ReadAll(r)
		must(t, err)
		got = append(got, strings.TrimRight(h.Name+" = "+string(content)+h.Linkname, "= "))
	}
	slices.Sort(got)
	same(t, "tar", got, "out/", "out/a.txt = alpha", "out/b.txt = beta", "out/run = x", "out/sub/", "out/sub/c.txt = gamma", "out/sub/deep/",
		"out/sub/deep/d.txt = delta", "out/empty/", "out/link = a.txt", "out/\xff\n = bytes")
}

func TestALinkIsKeptOnlyIfItStaysBeneath(t *testing.T) {
	tree, into := look(t, grow(t, t.TempDir(), work...)), t.TempDir()
	_, err := Out(t.Context(), tree, "out/**/*l*", ToFolder(into, HostOptions{}), OutOptions{KeepLinks: true})
	must(t, err)
	same(t, "links", lines(t, into), "link -> a.txt")
}

func TestNamesOfAnyBytesAreCopiedAndPrintedQuoted(t *testing.T) {
	names := []string{"new\nline", "\xff\xfe", strings.Repeat("n", 255), "\x1b[2J", " ", "-rf", "…", "a\\b"}
	dir, into := t.TempDir(), t.TempDir()
	for _, name := range names {
		must(t, os.WriteFile(dir+"/"+name, []byte("x"), 0o600))
	}
	_, err := Out(t.Context(), look(t, dir), ".", ToFolder(into, HostOptions{}), OutOptions{})
	must(t, err)
	for _, name := range names {
		if _, err := os.Stat(into + "/" + name); err != nil {
			t.Error(err)
		}
		_, err := Out(t.Context(), look(t, into), Literal(name)+"/x", ToFolder(dir, HostOptions{}), OutOptions{})
		if err == nil || !printed(err.Error()) {
			t.Errorf("%q: the error is %q", name, err)
		}
	}
}

// printed says whether a terminal would get letters only.
func printed(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) })
}

func TestNoDescriptorLeaks(t *testing.T) {
	count := func() int {
		names, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		return len(names)
	}
	tree := look(t, grow(t, t.TempDir(), append(slices.Clone(work), "deep/a/b/c/d = 1")...))
	into := look(t, t.TempDir())
	before := count()
	for _, from := range []string{".", "out", "out/*", "**/d*", "absent", "out/fifo", "out/link", "out/a.txt/x", "deep"} {
		for _, to := range []Sink{ToFolder(t.TempDir(), HostOptions{}), ToFolder("/absent", HostOptions{}), ToPath(t.TempDir()+"/x", HostOptions{}), ToTar(io.Discard)} {
			for _, l := range []Limits{{}, {Files: 2}, {Depth: 1}, {Names: 3}, {Bytes: 1}, {Bytes: -1}} {
				_, _ = Out(t.Context(), tree, from, to, OutOptions{Limits: l})
			}
		}
		for _, to := range []string{".", "x/y/", "out/a.txt/z", "../x"} {
			_, _ = In(t.Context(), into, FromPath(tree.Name()+"/"+from, SourceOptions{FollowLinks: true}), to, InOptions{Limits: Limits{Files: 3}})
		}
	}
	if after := count(); after != before {
		t.Errorf("%d descriptors, and then %d", before, after)
	}
}
