package layer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/test/nocgo"
	"github.com/jailrun/jail/test/tarball"
	"golang.org/x/sys/unix"
)

const probeName = "__probe"

// TestMain is the unpacker, and a prober in its place, where it is started as such.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		last := os.Args[len(os.Args)-1]
		switch os.Args[1] {
		case UnpackerName:
			os.Exit(Serve(last))
		case probeName:
			os.Exit(probeFromWithin(os.Args[2], last))
		}
	}
	os.Exit(nocgo.Run(m))
}

// unpacker is a program that unpacks.
func program(t *testing.T) Command {
	t.Helper()
	return Command{Path: nocgo.Program(t), Args: []string{UnpackerName}}
}

func TestAConfinedUnpackerMakesTheSameLayer(t *testing.T) {
	plain := ordinary(t)
	for name, data := range map[string][]byte{"tar": plain, "gzip": tarball.Gzip(t, plain), "zstd": tarball.Zstd(t, plain), "sparse": made(t, "posix")} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t)
			o := Options{Blob: digest.Of(data)}
			i, err := Confined(t.Context(), program(t), bytes.NewReader(data), dir, o)
			must(t, err)
			for _, w := range walls {
				if w.required && !slices.Contains(i.Walls, w.name) {
					t.Errorf("%s does not stand: %v", w.name, i.Walls)
				}
			}
			_, here, err := unpack(t, data, o)
			must(t, err)
			i.Walls = nil
			if a, b := fmt.Sprint(i), fmt.Sprint(here); a != b {
				t.Errorf("confined\n%s\nhere\n%s", a, b)
			}
			r, err := Verify(t.Context(), dir, VerifyOptions{DiffID: i.DiffID, MappedOwner: i.MappedOwner})
			must(t, err)
			for _, p := range r.Problems {
				t.Error(p)
			}
		})
	}
}

func TestWhatTheUnpackerRefusesIsToldAsIfItWereHere(t *testing.T) {
	for name, data := range map[string][]byte{
		"climbs": tarball.Tar(t, tarball.New("../x", '0', "")), "format": bytes.Repeat([]byte("x"), 2*block), "truncated": ordinary(t)[:5000],
		"garbage": tarball.Gzip(t, []byte("no archive")), "empty": {}, "duplicate": tarball.Tar(t, tarball.New("x", '0', ""), tarball.New("x", '0', "")),
	} {
		_, want := Unpack(t.Context(), bytes.NewReader(data), folder(t), Options{})
		_, got := Confined(t.Context(), program(t), bytes.NewReader(data), folder(t), Options{})
		if want == nil || got == nil || got.Error() != want.Error() {
			t.Errorf("%s: %v, and confined %v", name, want, got)
		}
		var fault Fault
		if !errors.As(want, &fault) || !errors.Is(got, fault) {
			t.Errorf("%s: %v is not %v", name, got, fault)
		}
	}
}

func TestADigestThatIsNotExpectedIsRefused(t *testing.T) {
	plain := ordinary(t)
	for _, data := range [][]byte{plain, tarball.Gzip(t, plain)} {
		for _, o := range []Options{{Blob: digest.Of([]byte("x"))}, {DiffID: digest.Of([]byte("x"))}} {
			if _, err := Confined(t.Context(), program(t), bytes.NewReader(data), folder(t), o); !errors.Is(err, ErrDigest) {
				t.Errorf("confined: %v", err)
			}
			if _, _, err := unpack(t, data, o); !errors.Is(err, ErrDigest) {
				t.Error(err)
			}
		}
	}
}

func TestACanceledUnpackerEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := &canceling{data: ordinary(t)[:block], cancel: cancel, ended: ctx.Done()}
	if _, err := Confined(ctx, program(t), r, folder(t), Options{}); !errors.Is(err, context.Canceled) || !r.asked {
		t.Errorf("%v, asked for more: %v", err, r.asked)
	}
}

// canceling cancels when it is asked for more than it has: the unpacker is at work then.
type canceling struct {
	data   []byte
	cancel func()
	ended  <-chan struct{}
	asked  bool
}

func (r *canceling) Read(b []byte) (int, error) {
	if len(r.data) > 0 {
		n := copy(b, r.data)
		r.data = r.data[n:]
		return n, nil
	}
	r.asked = true
	r.cancel()
	<-r.ended
	return 0, io.EOF
}

func TestNoUnpackerIsFoundByARelativePath(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(dir+"/jaild", []byte("#!/bin/sh\n"), 0o755))
	t.Chdir(dir)
	for path, want := range map[string]string{".": "", dir: dir + "/jaild", "": ""} {
		t.Setenv("PATH", path)
		if got, err := FindUnpacker(); got != want || (want == "") != errors.Is(err, ErrNoProgram) {
			t.Errorf("PATH=%s gives %q (%v)", path, got, err)
		}
	}
}

// deed is something that an unpacker might do that an archive has taken over.
type deed struct {
	name  string
	apart bool // it is shown to work in namespaces of its own, for the host's sake
	do    func(*hostFacts) error
}

func deeds() []deed {
	return []deed{
		{"read a file of the host's", false, func(*hostFacts) error { return open("/etc/passwd", unix.O_RDONLY) }},
		{"list the root", false, func(*hostFacts) error { return readable("/") }},
		{"write to another folder", false, func(h *hostFacts) error { return open(h.Folder+"/new", unix.O_WRONLY|unix.O_CREAT) }},
		{"climb out of its folder", false, func(*hostFacts) error { return climb() }},
		{"connect to a port", false, func(h *hostFacts) error { return dial("tcp", h.Port) }},
		{"connect to an abstract socket", false, func(h *hostFacts) error { return dial("unix", h.Abstract) }},
		{"signal a process", false, func(h *hostFacts) error { return unix.Kill(h.PID, 0) }},
		{"see a process", false, func(h *hostFacts) error { return readable("/proc/" + strconv.Itoa(h.PID)) }},
		{"execute a program", false, func(*hostFacts) error { return exec.Command("/bin/true").Run() }},
		{"make a FIFO", false, func(*hostFacts) error { return unix.Mknodat(folderFd, "fifo", unix.S_IFIFO|0o600, 0) }},
		{"make a socket", false, func(*hostFacts) error { return unix.Mknodat(folderFd, "socket", unix.S_IFSOCK|0o600, 0) }},
		{"remove a file", false, func(*hostFacts) error { return unix.Unlinkat(folderFd, "given", 0) }},
		{"mount", true, func(*hostFacts) error { return unix.Mount("none", "/", "tmpfs", 0, "") }},
		{"make a namespace", true, func(*hostFacts) error { return unix.Unshare(unix.CLONE_NEWUTS) }},
		{"change the host name", true, func(*hostFacts) error { return unix.Sethostname([]byte("jail")) }},
		{"change its root", true, func(*hostFacts) error { return unix.Chroot("/") }},
	}
}

type hostFacts struct {
	Folder   string
	Port     string
	Abstract string
	PID      int
}

func open(path string, flags int) error {
	fd, err := unix.Open(path, flags, 0o600)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func readable(dir string) error {
	names, err := os.ReadDir(dir)
	if err == nil && len(names) == 0 {
		return unix.ENOENT
	}
	return err
}

// climb goes up from the one folder that is open.
func climb() error {
	var st, up unix.Stat_t
	if err := unix.Fstat(folderFd, &st); err != nil {
		return err
	}
	fd, err := unix.Openat(folderFd, strings.Repeat("../", 40)+"etc/passwd", unix.O_RDONLY, 0)
	if err == nil {
		return unix.Fstat(fd, &up)
	}
	return err
}

func dial(network, address string) error {
	c, err := net.Dial(network, address)
	if err == nil {
		c.Close()
	}
	return err
}

// probeFromWithin tries each deed, within the walls if it is told so, and writes what
// has worked.
func probeFromWithin(mode, facts string) int {
	var h hostFacts
	if err := json.Unmarshal([]byte(facts), &h); err != nil {
		return 1
	}
	if mode == "walls" {
		if _, err := raise(folderFd, false); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	var done []string
	for _, d := range deeds() {
		if mode == "walls" || d.apart == (mode == "apart") {
			if d.do(&h) == nil {
				done = append(done, d.name)
			}
		}
	}
	if fd, err := unix.Openat(folderFd, "own", unix.O_WRONLY|unix.O_CREAT, 0o600); err == nil {
		done = append(done, "work")
		unix.Close(fd)
	}
	fmt.Print(strings.Join(done, ","))
	return 0
}

func TestWithinTheWallsNothingElseCanBeReached(t *testing.T) {
	c := program(t)
	h := &hostFacts{Folder: t.TempDir(), PID: os.Getpid(), Abstract: "@jail-test-" + strconv.Itoa(os.Getpid())}
	for network, at := range map[string]*string{"tcp": &h.Port, "unix": &h.Abstract} {
		address := "127.0.0.1:0"
		if network == "unix" {
			address = h.Abstract
		}
		l, err := net.Listen(network, address)
		must(t, err)
		defer l.Close()
		*at = l.Addr().String()
	}
	facts, err := json.Marshal(h)
	must(t, err)
	probe := func(mode string) []string {
		cmd := exec.Command(c.Path, probeName, mode, string(facts))
		dir := folder(t)
		must(t, os.WriteFile(dir.Name()+"/given", nil, 0o600))
		cmd.ExtraFiles = []*os.File{dir}
		if mode != "free" {
			cmd.SysProcAttr, err = namespaces()
			must(t, err)
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", mode, err, out)
		}
		return strings.Split(string(out), ",")
	}
	outside := append(probe("free"), probe("apart")...)
	for _, d := range deeds() {
		if !slices.Contains(outside, d.name) {
			t.Errorf("without walls it can't %s, so the test says nothing", d.name)
		}
	}
	if within := probe("walls"); !slices.Equal(within, []string{"work"}) {
		t.Errorf("within the walls it can %v", within)
	}
}
