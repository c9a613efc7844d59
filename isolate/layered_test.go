package isolate

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/removal"
	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/store"
)

// busyboxes are where a static one may be.
var busyboxes = [...]string{"/usr/bin/busybox", "/bin/busybox"}

// shelf makes a store of the test's own, on a disk where one is named: not every
// kernel shows what is in memory under another owner.
func shelf(t *testing.T) *store.Store {
	t.Helper()
	m, err := theMachine()
	must(t, err)
	if !m.facts.Kernel.AtLeast(5, 12) {
		if err := Command(&policy.Policy{Root: policy.RootWritable}, "true").Run(); !errors.Is(err, errNoOverlay) {
			t.Errorf("a launch that needs them: %v", err)
		}
		t.Skip("needs overlays in a user namespace that show ids anew: Linux 5.12")
	}
	dir := onDisk(t)
	must(t, os.Chmod(dir, 0o700))
	t.Cleanup(func() { _ = removal.All(filepath.Join(dir, "states")) }) // what programs have closed too
	t.Setenv(store.Variable, dir)
	s, err := store.Open(store.Options{Create: true})
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// onDisk is a folder of the test's own, on a disk where one is named.
func onDisk(t *testing.T) string {
	t.Helper()
	at := os.Getenv("JAIL_TEST_DISK")
	if at == "" || os.Geteuid() != 0 {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(at, "layered")
	must(t, err)
	t.Cleanup(func() { _ = removal.All(dir) })
	return dir
}

// anImage puts an image into the store of layers, the lowest first: contents by path. The
// lowest has a shell too.
func anImage(t *testing.T, s *store.Store, name string, layers ...map[string]string) {
	t.Helper()
	m, err := s.Make()
	must(t, err)
	defer m.Close()
	r := &store.Record{Imported: time.Now()}
	for i, files := range layers {
		f, err := m.Folder("layer")
		must(t, err)
		at := filepath.Join(s.Path(), "tmp")
		entries, err := os.ReadDir(at)
		must(t, err)
		tree := filepath.Join(at, entries[0].Name(), "layer", "tree")
		must(t, os.MkdirAll(tree, 0o755))
		must(t, os.Chmod(tree, 0o755))
		sum := sha256.New()
		if i == 0 {
			addShell(t, tree)
		}
		for _, name := range sortedKeys(files) {
			file := filepath.Join(tree, name)
			must(t, os.MkdirAll(filepath.Dir(file), 0o755))
			must(t, os.WriteFile(file, []byte(files[name]), 0o644))
			_, _ = sum.Write([]byte(name + "\x00" + files[name] + "\x00"))
		}
		f.Close()
		l := store.LayerRecord{DiffID: digest.Digest(sum.Sum([]byte(nil)))}
		_, err = m.Need(t.Context(), l.DiffID)
		must(t, err)
		_, err = m.PublishLayer("layer", &l)
		must(t, err)
		r.Layers = append(r.Layers, l)
	}
	r.Config.Env = []string{"PATH=/bin", "FROM=image"}
	r.ID = digest.Of([]byte(name))
	n, err := store.ParseName(name)
	must(t, err)
	must(t, m.PublishImage(t.Context(), r, []byte(name), n))
}

func sortedKeys(m map[string]string) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func addShell(t *testing.T, tree string) {
	t.Helper()
	for _, b := range busyboxes {
		data, err := os.ReadFile(b)
		if err != nil {
			continue
		}
		must(t, os.MkdirAll(tree+"/bin", 0o755))
		must(t, os.MkdirAll(tree+"/etc", 0o755))
		must(t, os.WriteFile(tree+"/bin/busybox", data, 0o755))
		for _, name := range []string{"sh", "cat", "ls", "id", "rm", "mkdir", "dd", "sleep", "wc", "chown", "mknod"} {
			must(t, os.Symlink("busybox", tree+"/bin/"+name))
		}
		return
	}
	t.Fatal("no static busybox is installed: install busybox-static")
}

// said runs a line of sh, and gives what it has said.
func said(t *testing.T, p *policy.Policy, line string) (string, *result.Result) {
	t.Helper()
	c := Command(p, "sh", "-c", line)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	if c.Result() == nil || c.Result().Reason == result.SetupFailed {
		t.Fatalf("%v: %s", err, out.String())
	}
	return out.String(), c.Result()
}

func TestAJailSeesItsImageAndNoneSeesWhatItChanges(t *testing.T) {
	s := shelf(t)
	anImage(t, s, "base:1", map[string]string{"a": "low", "etc/motd": "low", "etc/passwd": "own:x:7:7::/:/bin/sh\n"}, map[string]string{"a": "high"})
	p := &policy.Policy{Image: "base:1"}
	out, res := said(t, p, `cat /a /etc/motd; echo " $FROM"; id -un; echo new > /a; rm /etc/motd; mkdir /opt && echo x > /opt/x; ls /opt`)
	if out != "highlow image\njail\nx\n" {
		t.Errorf("%q", out)
	}
	if w := res.Enforced.At(policy.LayerRootfs); w.State != result.StateEnforced || !strings.Contains(w.Detail, "lowerdir=j:i0/"+strings.TrimPrefix(res.Image.Layers[1], "sha256:")+"/tree:i0/") || res.Image == nil || len(res.Image.Layers) != 2 || !strings.Contains(w.Detail, res.Image.Layers[1]+" "+res.Image.Layers[0]) {
		t.Errorf("%+v, %+v", w, res.Image)
	}
	out, _ = said(t, p, `cat /a /etc/motd; ls /`)
	if !strings.HasPrefix(out, "highlow") || strings.Contains(out, "opt") {
		t.Errorf("the second sees what the first has changed: %q", out)
	}
}

func TestAReadOnlyImageIsNotWrittenTo(t *testing.T) {
	anImage(t, shelf(t), "base:1", map[string]string{"a": "low"})
	out, res := said(t, &policy.Policy{Image: "base:1", Root: policy.RootReadOnly}, `echo x > /a; mkdir /opt; cat /a; echo y > /box/y && cat /box/y`)
	if !strings.HasSuffix(out, "lowy\n") || strings.Count(out, "Read-only file system") != 2 || res.Enforced.At(policy.LayerRootfs).State != result.StateEnforced {
		t.Errorf("%q, %+v", out, res.Enforced.At(policy.LayerRootfs))
	}
}

func TestManyLayersAreOneRoot(t *testing.T) {
	s := shelf(t)
	var layers []map[string]string
	for i := range 128 {
		layers = append(layers, map[string]string{"top": strconv.Itoa(i), "l/" + strconv.Itoa(i): ""})
	}
	for _, n := range []int{40, 51, 128} { // called by their paths, as many as fit, and by links
		name := "deep:" + strconv.Itoa(n)
		anImage(t, s, name, layers[:n]...)
		out, res := said(t, &policy.Policy{Image: name}, `cat /top; set -- /l/*; echo " $#"`)
		if want := fmt.Sprintf("%d %d\n", n-1, n); out != want || res.Enforced.At(policy.LayerRootfs).State != result.StateEnforced {
			t.Errorf("%q, %+v", out, res.Enforced.At(policy.LayerRootfs))
		}
	}
}

// TestTheRootIsProvedAmongManyMounts: those of the host's are listed before it.
func TestTheRootIsProvedAmongManyMounts(t *testing.T) {
	s := shelf(t)
	anImage(t, s, "base:1", map[string]string{"a": "low"})
	host := t.TempDir()
	must(t, os.Chmod(host, 0o755))
	for _, kind := range []string{"folders", "files"} {
		var files []policy.File
		for i := range 20 {
			at := filepath.Join(host, strings.Repeat(strconv.Itoa(i)+" x", 50))
			if kind == "folders" {
				must(t, os.MkdirAll(at, 0o755))
			} else {
				must(t, os.WriteFile(at+"f", nil, 0o644))
				at += "f"
			}
			files = append(files, policy.File{Kind: policy.FileRO, Source: at, Target: "/mnt/" + strings.Repeat("y", 100) + strconv.Itoa(i)})
		}
		for _, p := range []*policy.Policy{{Image: "base:1", Files: files}, {Root: policy.RootWritable, Files: files}} {
			if out, res := said(t, p, `ls /mnt | wc -l`); strings.TrimSpace(out) != "20" || res.Enforced.At(policy.LayerRootfs).State != result.StateEnforced {
				t.Errorf("%s: %q, %+v", kind, out, res.Enforced.At(policy.LayerRootfs))
			}
		}
	}
}

func TestWhatAStateKeepsIsThereInTheNextRunAndTheImageIsAsItWas(t *testing.T) {
	s := shelf(t)
	anImage(t, s, "base:1", map[string]string{"a": "low", "gone": "x"})
	p := &policy.Policy{Image: "base:1", State: "work", StateSize: 16 << 20}
	out, res := said(t, p, `echo new > /a; rm /gone; mkdir /d && echo x > /d/x; echo t > /tmp/t; ls /`)
	if res.State == nil || *res.State != "work" {
		t.Errorf("%q, %v", out, res.State)
	}
	out, _ = said(t, &policy.Policy{State: "work"}, `cat /a /d/x; ls /gone /tmp`) // by the image that it was made upon
	if !strings.HasPrefix(out, "new\nx\n") || !strings.Contains(out, "No such file") || strings.Contains(out, "\nt\n") {
		t.Errorf("%q", out)
	}
	if out, _ = said(t, &policy.Policy{Image: "base:1"}, `cat /a /gone`); out != "lowx" {
		t.Errorf("the image has changed: %q", out)
	}
}

func TestAStateHasOneJailAtATime(t *testing.T) {
	s := shelf(t)
	anImage(t, s, "base:1", map[string]string{"a": "low"})
	p := &policy.Policy{Image: "base:1", State: "work", StateSize: 16 << 20}
	c := Command(p, "sh", "-c", "cat")
	w, err := c.StdinPipe()
	must(t, err)
	must(t, c.Start())
	var le *LaunchError
	if err := Command(p, "sh", "-c", "true").Run(); !errors.As(err, &le) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second jail: %v", err)
	}
	w.Close()
	must(t, c.Wait())
	said(t, p, "true")
}

func TestAFullStateIsTheReason(t *testing.T) {
	s := shelf(t)
	anImage(t, s, "base:1", map[string]string{"a": "low"})
	p := &policy.Policy{Image: "base:1", State: "work", StateSize: 16 << 20}
	if os.Geteuid() != 0 { // root's is full, and the program is told
		out, res := said(t, p, `exec 3>/f; rm /f; dd if=/dev/zero bs=1M count=64 >&3; sleep 60`)
		if res.Reason != result.Disk {
			t.Errorf("a file without a name: %v, %+v: %q", res.Reason, res.Evidence.State, out)
		}
	}
	out, res := said(t, p, `mkdir /h; chmod 300 /h; dd if=/dev/zero of=/h/big bs=1M count=64; sleep 3; kill -9 $$`)
	if res.Reason != result.Disk || res.Evidence.State == nil || !res.Evidence.State.Full() {
		t.Errorf("%v, %+v: %q", res.Reason, res.Evidence.State, out)
	}
}

func TestAFolderThatIsLaidOutStaysAsItIs(t *testing.T) {
	shelf(t)
	dir := onDisk(t)
	must(t, os.WriteFile(dir+"/a", []byte("mine"), 0o644))
	must(t, os.WriteFile(dir+"/b", []byte("mine"), 0o644))
	must(t, os.Chmod(dir, 0o755))
	p := &policy.Policy{Files: []policy.File{{Kind: policy.FileCOW, Source: dir, Target: "/box/p"}}}
	out, _ := said(t, p, `cd p && echo its > a && rm b && echo c > c && cat a && ls`)
	if out != "its\na\nc\n" {
		t.Errorf("%q", out)
	}
	if b, err := os.ReadFile(dir + "/a"); err != nil || string(b) != "mine" {
		t.Errorf("%q, %v", b, err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 2 {
		t.Errorf("%v, %v", names, err)
	}
}

func TestTheHostsViewIsChangedInACopy(t *testing.T) {
	shelf(t)
	p := &policy.Policy{Root: policy.RootWritable}
	out, res := said(t, p, `echo x > /usr/bin/its-own && mkdir -p /opt/lib /srv/x && echo y > /etc/y && cat /usr/bin/its-own /etc/y`)
	if out != "x\ny\n" || res.Enforced.At(policy.LayerRootfs).State != result.StateEnforced {
		t.Errorf("%q, %+v", out, res.Enforced.At(policy.LayerRootfs))
	}
	if _, err := os.Lstat("/usr/bin/its-own"); !errors.Is(err, os.ErrNotExist) {
		t.Error("the host was changed")
	}
}

func TestAProgramThatIsRootInsideHasTheImagesOwnersAndNamedCapabilities(t *testing.T) {
	s := shelf(t)
	anImage(t, s, "base:1", map[string]string{"a": "low"})
	p := &policy.Policy{Image: "base:1", User: policy.UserRoot}
	if os.Geteuid() != 0 {
		err := Command(p, "sh").Run()
		if !errors.Is(err, errRootNeedsRoot) {
			t.Error(err)
		}
		return
	}
	out, res := said(t, p, `id -u; chown 33:33 /a && ls -ln /a; mknod /dev/x c 1 3; cat /proc/self/status`)
	lines := strings.SplitN(out, "\n", 3)
	if lines[0] != "0" || !strings.Contains(lines[1], " 33 ") || !strings.Contains(out, "CapEff:\t00000000000004fb") || !strings.Contains(out, "CapBnd:\t00000000000004fb") {
		t.Errorf("%q", out)
	}
	if w := res.Enforced.At(policy.LayerCapabilities); w.State != result.StateEnforced || !strings.Contains(w.Detail, "CHOWN") {
		t.Errorf("%+v", w)
	}
	p.Capabilities = []string{"SETUID"}
	if out, _ = said(t, p, `chown 33:33 /a; cat /proc/self/status`); !strings.Contains(out, "CapEff:\t0000000000000080") || !strings.Contains(out, "not permitted") {
		t.Errorf("%q", out)
	}
}

func TestCapabilitiesAreForRootInsideAlone(t *testing.T) {
	err := Command(&policy.Policy{Capabilities: []string{"CHOWN"}}, "true").Run()
	if !errors.Is(err, errCapsOfNobody) {
		t.Error(err)
	}
}

func TestAnImageThatIsNotThereIsAnErrorThatSaysHowToGetOne(t *testing.T) {
	shelf(t)
	var le *LaunchError
	err := Command(&policy.Policy{Image: "none:1"}, "true").Run()
	if !errors.As(err, &le) || !errors.Is(err, store.ErrNoImage) || !strings.Contains(err.Error(), "jail image import") {
		t.Error(err)
	}
}

// A link that a program leaves in a state leads to where it leads inside, for whoever
// puts something there next, and not to the host.
func TestALinkInAStateLeadsNowhereElse(t *testing.T) {
	s := shelf(t)
	out := t.TempDir()
	must(t, os.Chmod(out, 0o777))
	anImage(t, s, "base:1", map[string]string{"a": "low"})
	p := &policy.Policy{Image: "base:1", State: "work", StateSize: 16 << 20}
	said(t, p, `mkdir /deep && ln -s `+out+` /deep/data; rm -r /run 2>/dev/null; ln -s `+out+` /out`)
	for _, target := range []string{"/deep/data/x", "/out/y"} {
		q := *p
		q.Files = []policy.File{{Kind: policy.FileTmpfs, Target: target}}
		if err := Command(&q, "sh", "-c", "true").Run(); err == nil {
			t.Errorf("%s: what a link leads to is not there, and the launch says nothing", target)
		}
	}
	said(t, p, "rm /out; ln -s /etc /out")
	q := *p
	q.Files = []policy.File{{Kind: policy.FileTmpfs, Target: "/out/jail-test"}}
	if text, _ := said(t, &q, "ls -d /etc/jail-test"); text != "/etc/jail-test\n" {
		t.Errorf("%q", text)
	}
	if _, err := os.Lstat("/etc/jail-test"); !errors.Is(err, os.ErrNotExist) {
		t.Error("it was made in the host's /etc")
	}
	if names, err := os.ReadDir(out); err != nil || len(names) != 0 {
		t.Errorf("something was made on the host: %v, %v", names, err)
	}
}

// What a program leaves in a folder that is laid out, or in a copy of the host's, leads
// no launch after it astray.
func TestWhatAProgramLeavesLeadsNoLaunchAstray(t *testing.T) {
	shelf(t)
	dir, out := t.TempDir(), t.TempDir()
	must(t, os.MkdirAll(dir+"/sub/deep", 0o755))
	must(t, os.Chmod(dir, 0o755))
	must(t, os.Chmod(out, 0o777))
	p := &policy.Policy{State: "work", StateSize: 16 << 20, Files: []policy.File{{Kind: policy.FileCOW, Source: dir, Target: "/box/p"}}}
	said(t, p, `rm -r /box/p/sub && ln -s `+out+` /box/p/sub`)
	q := *p
	q.Files = append(q.Files, policy.File{Kind: policy.FileTmpfs, Target: "/box/p/sub/deep"})
	if err := Command(&q, "sh", "-c", "true").Run(); err == nil {
		t.Error("the launch says nothing of a target that is not there")
	}
	w := &policy.Policy{State: "view", StateSize: 16 << 20, Root: policy.RootWritable}
	said(t, w, `mkdir /usr/bin/its-own; mv /usr/local /usr/l2 2>/dev/null; rm -rf /usr/local; ln -s `+out+` /usr/local`)
	said(t, w, `true`)
	if names, err := os.ReadDir(out); err != nil || len(names) != 0 {
		t.Errorf("something was made on the host: %v, %v", names, err)
	}
}

// TestTheExplainedPlanOfAStateIsPlayed: the plan that Explain gives has the steps of the
// launch that follows, though the state is not there yet.
func TestTheExplainedPlanOfAStateIsPlayed(t *testing.T) {
	s := shelf(t)
	anImage(t, s, "base:1", map[string]string{"a": "low"})
	p := &policy.Policy{Image: "base:1", State: "work", StateSize: 16 << 20}
	explained, _, err := Explain(Command(p, "sh", "-c", "true"))
	must(t, err)
	r := newRun(Command(p, "sh", "-c", "true"))
	defer r.release()
	must(t, r.lookAround())
	must(t, r.wouldPlace())
	in, err := r.input()
	must(t, err)
	if r.layers.state == nil {
		t.Fatal("no state was made")
	}
	played, err := plan.Compile(in)
	must(t, err)
	steps := func(p *plan.Plan) (list []string) {
		for i := range p.Ops {
			list = append(list, p.Ops[i].Step)
		}
		return list
	}
	if got, want := steps(explained), steps(played); !slices.Equal(got, want) {
		t.Errorf("explained are\n%s\nand played\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
