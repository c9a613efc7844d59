package image

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/store"
	"github.com/jailrun/jail/test/apart"
	"github.com/jailrun/jail/test/hostile"
	"github.com/jailrun/jail/test/nocgo"
	"golang.org/x/sys/unix"
)

// What this test does in a root of its own: see TestMain.
const (
	naiveName  = "__naive"  // unpacks as one would who believes an archive
	importName = "__import" // imports each archive in /archives
)

const before = "as it was"

// TestHostileArchivesChangeNothing has each archive unpacked by somebody who believes
// it, in a root folder that is thrown away, and shows what it does there; and imports
// it there, where nothing may be changed, nothing may be left, and the store be whole.
func TestHostileArchivesChangeNothing(t *testing.T) {
	program := nocgo.Program(t)
	apart.Run(t, func(dir string) {
		must(t, unix.Mount("none", dir, "tmpfs", 0, "size=256m"))
		list := hostile.Archives()
		for _, a := range list {
			if a.Escape != "" {
				escapes(t, dir+"/naive", program, &a)
			}
		}
		root := throwaway(t, dir+"/import", program)
		must(t, os.Mkdir(root+"/archives", 0o755))
		for i, a := range list {
			must(t, os.WriteFile(fmt.Sprintf("%s/archives/%d", root, i), a.Bytes(t), 0o644))
		}
		want := contents(t, root)
		answers := importAll(t, root)
		if got := contents(t, root); !maps.Equal(got, want) {
			t.Errorf("outside of the store there were\n%q and are\n%q", want, got)
		}
		for i, a := range list {
			noArchive := a.Want == layer.ErrFormat || len(a.Bytes(t)) == 0 // which is told before it is unpacked
			if got := answers[i]; got.Fault != string(a.Want) && !(noArchive && strings.Contains(got.Text, ErrKind.Error())) {
				t.Errorf("%s: %+v, and not %v", a.Name, got, a.Want)
			}
		}
	})
}

// throwaway is a root folder with a file that must not change.
func throwaway(t *testing.T, root, program string) string {
	must(t, os.MkdirAll(root+"/box", 0o755))
	must(t, os.MkdirAll(root+"/proc", 0o755))
	must(t, os.MkdirAll(root+"/dev", 0o755))
	must(t, os.WriteFile(root+"/dev/null", nil, 0o666))
	must(t, os.WriteFile(root+hostile.Victim, []byte(before), 0o644))
	b, err := os.ReadFile(program)
	must(t, err)
	must(t, os.WriteFile(root+"/program", b, 0o755))
	return root
}

// escapes shows what an archive does.
func escapes(t *testing.T, root, program string, a *hostile.Archive) {
	throwaway(t, root, program)
	defer os.RemoveAll(root)
	c := exec.Command("/program", naiveName)
	c.Dir, c.Stdin, c.SysProcAttr = "/box", strings.NewReader(string(a.Bytes(t))), &syscall.SysProcAttr{Chroot: root}
	out, ran := c.CombinedOutput()
	_, e := os.Lstat(root + a.Escape)
	if b, err := os.ReadFile(root + hostile.Victim); e != nil || a.Escape == hostile.Victim && (err != nil || string(b) == before) {
		t.Errorf("%s did nothing to %s, so that it says nothing: %v %s", a.Name, a.Escape, ran, out)
	}
}

// naive unpacks in the working folder.
func naive() int {
	for r := tar.NewReader(os.Stdin); ; {
		h, err := r.Next()
		if err != nil {
			return 0
		}
		_ = os.MkdirAll(filepath.Dir(h.Name), 0o755)
		switch h.Typeflag {
		case tar.TypeDir:
			_ = os.MkdirAll(h.Name, 0o755)
		case tar.TypeSymlink:
			_ = os.Symlink(h.Linkname, h.Name)
		case tar.TypeLink:
			_ = os.Link(h.Linkname, h.Name)
		case tar.TypeReg:
			if f, err := os.OpenFile(h.Name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644); err == nil {
				_, _ = io.Copy(f, r)
				f.Close()
			}
		}
	}
}

// answer is what an import in another root gave.
type answer struct{ Fault, Text string }

// importAll has all archives imported by a process for which root is the root.
func importAll(t *testing.T, root string) (list []answer) {
	c := exec.Command(root+"/program", importName, root)
	c.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	c.Stderr = os.Stderr
	out, err := c.Output()
	must(t, err)
	must(t, json.Unmarshal(out, &list))
	return list
}

func importThere(root string) int {
	if err := enter(root); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	list, err := importArchives()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(list)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// enter makes a folder the root: in one that chroot(2) has entered nobody may make a
// user namespace.
func enter(root string) error {
	return errors.Join(
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount(root, root, "", unix.MS_BIND, ""),
		unix.Mount("proc", root+"/proc", "proc", 0, ""),
		unix.Chdir(root), unix.PivotRoot(".", "."), unix.Unmount(".", unix.MNT_DETACH), unix.Chdir("/"))
}

func importArchives() (list []answer, err error) {
	s, err := store.Open(store.Options{Dir: "/store", Create: true})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	n, err := store.ParseName("evil")
	if err != nil {
		return nil, err
	}
	o := Options{Unpacker: layer.Command{Path: "/program", Args: []string{layer.UnpackerName}}}
	files, err := os.ReadDir("/archives")
	if err != nil {
		return nil, err
	}
	for i := range files {
		var a answer
		if _, err := Import(context.Background(), s, fmt.Sprintf("/archives/%d", i), n, o); err != nil {
			var f layer.Fault
			_ = errors.As(err, &f)
			a = answer{string(f), err.Error()}
		}
		if left, err := os.ReadDir("/store/tmp"); err != nil || len(left) > 0 {
			return nil, fmt.Errorf("archive %d left %v (%w)", i, left, err)
		}
		list = append(list, a)
	}
	if all, err := Verify(context.Background(), s, ""); err != nil || len(all) > 0 {
		return nil, fmt.Errorf("the store has %v (%w)", all, err)
	}
	return list, nil
}

// contents are those of all files but the store's.
func contents(t *testing.T, root string) map[string]string {
	all := map[string]string{}
	must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		at := strings.TrimPrefix(path, root)
		switch {
		case err != nil:
			return err
		case slices.Contains([]string{"/store", "/proc", "/archives", "/program"}, at):
			return skip(d)
		}
		i, err := d.Info()
		if err != nil {
			return err
		}
		all[at] = i.Mode().String()
		if i.Mode().IsRegular() {
			b, err := os.ReadFile(path)
			all[at] += string(b)
			return err
		}
		return nil
	}))
	return all
}

func skip(d fs.DirEntry) error {
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}
