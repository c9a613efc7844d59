package main

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/rootfs/image"
	"github.com/jailrun/jail/rootfs/store"
	"github.com/jailrun/jail/test/tarball"
	"golang.org/x/sys/unix"
)

// desk is a folder with both programs, and a store of its own.
type desk struct {
	t   *testing.T
	dir string
}

func newDesk(t *testing.T) *desk {
	d := &desk{t, t.TempDir()}
	for _, name := range []string{"jail", "jaild"} {
		c := exec.Command("go", "build", "-o", filepath.Join(d.dir, name), "github.com/jailrun/jail/cmd/"+name)
		c.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	d.write("rootfs.tar", tarball.Tar(t, tarball.New("bin/", '5', ""), tarball.New("bin/sh", '0', "elf"), tarball.New("dev/null", '3', ""), tarball.New("etc/hosts", '0', "localhost\n")))
	return d
}

func (d *desk) write(name string, b []byte) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), b, 0o644); err != nil {
		d.t.Fatal(err)
	}
}

// run runs jail, and gives what it has written and its exit status.
func (d *desk) run(args ...string) (out string, status int) {
	d.t.Helper()
	c := exec.Command(filepath.Join(d.dir, "jail"), args...)
	c.Dir = d.dir
	c.Env = append(os.Environ(), "JAIL_STORE="+d.dir+"/store")
	if f, err := os.Open(filepath.Join(d.dir, "base.tar")); err == nil {
		defer f.Close()
		c.Stdin = f
	}
	b, err := c.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(b), exit.ExitCode()
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return string(b), 0
}

// says fails the test unless a command ends so and says that.
func (d *desk) says(status int, words string, args ...string) {
	d.t.Helper()
	if out, got := d.run(args...); got != status || !strings.Contains(out, words) {
		d.t.Errorf("jail %s: %d, not %d with %q: %s", strings.Join(args, " "), got, status, words, out)
	}
}

func TestAnImageIsImportedListedVerifiedExportedAndRemoved(t *testing.T) {
	d := newDesk(t)
	d.says(0, "1 devices, FIFOs or sockets were left out", "image", "import", "rootfs.tar", "base")
	d.says(0, "base:latest", "image", "ls")
	d.says(0, "in 4 entries", "image", "inspect", "base")
	d.says(0, "base:latest sha256:", "image", "verify")
	d.says(0, "base.tar sha256:", "image", "export", "base", "base.tar")
	d.says(125, "file exists: name a new file", "image", "export", "base", "base.tar")
	d.says(0, "1 of 1 layers were there", "image", "import", "base.tar", "team/again:1")
	d.says(0, "1 of 1 layers were there", "image", "import", "-", "piped")
	d.says(0, "removed the name piped:latest", "image", "rm", "piped")
	d.says(0, "removed the name base:latest", "image", "rm", "base")
	d.says(0, "nothing to remove", "image", "gc")
	d.says(0, "removed the name team/again:1", "image", "rm", "team/again:1")
	d.says(0, "removed layer sha256:", "image", "gc")
	d.says(125, "there is no such image", "image", "inspect", "base")
}

func TestAMistakeIsNamedWithWhatToDo(t *testing.T) {
	d := newDesk(t)
	d.write("text", []byte("no image"))
	d.write("evil.tar", tarball.Tar(t, tarball.New("../\x1b[2J", '0', "")))
	d.says(125, "for example jail image import", "image", "import", "rootfs.tar")
	d.says(125, "can't be the name of an image", "image", "import", "rootfs.tar", "Base")
	d.says(125, "no such flag", "image", "import", "--fast", "rootfs.tar", "base")
	d.says(125, "write flags before", "image", "import", "rootfs.tar", "--json", "base")
	d.says(125, "is no image: name an OCI layout", "image", "import", "text", "base")
	d.says(125, `unpack "../\x1b[2J": has .. in its path`, "image", "import", "evil.tar", "base")
	d.says(125, "k.pub: no such file or directory", "image", "import", "--key", "k.pub", "rootfs.tar", "base")
	d.says(0, "Usage: jail image import", "image", "import", "--help")
	d.says(0, "Usage: jail image verify", "help", "image", "verify")
}

func TestInputThatIsNoneIsNamed(t *testing.T) {
	d := newDesk(t)
	d.write("base.tar", []byte("no archive"))
	d.says(125, "standard input: ", "image", "import", "-", "piped")
	d.says(125, "", "state", "import", "-", "piped")
}

// TestAnImportEndsWhenItIsTold: nobody writes to the pipe that it reads.
func TestAnImportEndsWhenItIsTold(t *testing.T) {
	d := newDesk(t)
	for _, what := range []string{"image", "state"} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		c := exec.Command(filepath.Join(d.dir, "jaild"), what, "import", "-", "piped")
		c.Env = append(os.Environ(), "JAIL_STORE="+d.dir+"/store")
		c.Stdin = r
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		r.Close()
		d.isRead(w)
		_ = c.Process.Signal(os.Interrupt)
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		select {
		case err := <-ended:
			if err == nil {
				t.Errorf("%s import has ended well", what)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s import goes on", what)
			_ = c.Process.Kill()
		}
		if left, _ := filepath.Glob(filepath.Join(d.dir, "store", "tmp", "*")); len(left) > 0 {
			t.Errorf("%s import leaves %q", what, left)
		}
	}
}

// isRead waits until who has the other end of a pipe has read of it, which no event tells.
func (d *desk) isRead(w *os.File) {
	d.t.Helper()
	if _, err := w.Write([]byte("x")); err != nil {
		d.t.Fatal(err)
	}
	for range 5000 {
		if left, err := unix.IoctlGetInt(int(w.Fd()), unix.TIOCINQ); err == nil && left == 0 { // FIONREAD, pipe(7)
			return
		}
		time.Sleep(time.Millisecond)
	}
	d.t.Error("nobody reads the pipe")
}

func TestWhatIsSpooledIsBounded(t *testing.T) {
	s, err := store.Open(store.Options{Dir: t.TempDir() + "/store", Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for most, want := range map[size.Bytes]error{3: nil, 2: errLong, math.MaxInt64: nil} {
		m, err := s.Make()
		if err != nil {
			t.Fatal(err)
		}
		path, err := spooled(s, m, strings.NewReader("abc"), most)
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("at most %d: %v", most, err)
		}
		if b, err := os.ReadFile(path); want == nil && (err != nil || string(b) != "abc") {
			t.Errorf("at most %d: %q (%v)", most, b, err)
		}
		m.Close()
	}
}

func TestWhatWasSignedIsTakenAndNothingElse(t *testing.T) {
	d := newDesk(t)
	d.says(0, "k.pub", "audit", "key", "builds", "k")
	d.says(125, "is not signed: have it signed", "image", "import", "--key", "k.pub", "rootfs.tar", "base")
	d.says(0, "rootfs.tar.sig sha256:", "image", "sign", "k", "rootfs.tar")
	d.says(125, "is a private key, where a public one belongs", "image", "import", "--key", "k", "rootfs.tar", "base")
	d.says(0, "base:latest", "image", "import", "--key", "k.pub", "rootfs.tar", "base")
	d.write("rootfs.tar", tarball.Tar(t, tarball.New("evil", '0', "")))
	d.says(125, "is not signed by that key", "image", "import", "--key", "k.pub", "rootfs.tar", "base")
	d.says(125, "standard input has no signature", "image", "import", "--key", "k.pub", "-", "piped")
}

func TestVerifyNamesWhatWasChangedAndEndsSo(t *testing.T) {
	d := newDesk(t)
	d.says(0, "", "image", "import", "rootfs.tar", "base")
	layers, err := filepath.Glob(d.dir + "/store/layers/*/tree/bin/sh")
	if err != nil || len(layers) != 1 {
		t.Fatal(layers, err)
	}
	if err := os.Chmod(layers[0], 0o600); err != nil {
		t.Fatal(err)
	}
	d.says(statusNotIntact, "bin/sh: is not as the archive says: its mode was changed", "image", "verify")
	out, _ := d.run("image", "verify", "--json", "base")
	var v struct {
		Intact bool
		Images []image.Verified
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil || v.Intact || len(v.Images) != 1 || v.Images[0].Problems[0].Path != "bin/sh" {
		t.Errorf("%s (%v)", out, err)
	}
}

func TestProgressIsOneLineThatGrows(t *testing.T) {
	for text, p := range map[string]image.Progress{
		"layer 2 of 5 [#####...............] 1.0M of 4.0M": {Layer: 2, Layers: 5, Bytes: 1 << 20, Total: 4 << 20},
		"layer 1 of 1 0.5M":                                {Layer: 1, Layers: 1, Bytes: 1 << 19},
		"layer 1 of 2 is there":                            {Layer: 1, Layers: 2, Present: true},
		"layer 1 of 1 [####################] 2.0M of 1.0M": {Layer: 1, Layers: 1, Bytes: 2 << 20, Total: 1 << 20},
	} {
		if got := progressText(p); got != text {
			t.Errorf("%+v is %q, not %q", p, got, text)
		}
	}
	if r, _, err := os.Pipe(); err != nil || newBar(r).out != nil {
		t.Errorf("there is a bar where nobody looks (%v)", err)
	}
}
