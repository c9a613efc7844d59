package images

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// The packages of the trees, as mmdebstrap(1) takes them.
const (
	compilers = "python3-minimal,gcc,libc6-dev"
	services  = "nginx-light"
)

// debian gives a tar of a minimal Debian with these packages. It takes half a minute
// to make, and is kept for the next run.
func debian(t *testing.T, packages string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("feature root: not run as root")
	}
	path, err := trees[packages]()
	must(t, err)
	return path
}

var trees = map[string]func() (string, error){
	compilers: sync.OnceValues(func() (string, error) { return kept(compilers) }),
	services:  sync.OnceValues(func() (string, error) { return kept(services) }),
}

const (
	keptFolder = "/var/tmp/jail-test-trees"
	suite      = "bookworm"
)

// kept gives the tree that an earlier run has made, or makes it.
func kept(packages string) (string, error) {
	if err := ownFolder(keptFolder); err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(suite + " " + packages))
	path := filepath.Join(keptFolder, hex.EncodeToString(sum[:8])+".tar")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	made := filepath.Join(keptFolder, "new-"+filepath.Base(path)) // whose name says that it is a tar
	out, err := exec.Command("mmdebstrap", "--quiet", "--variant=minbase", "--include="+packages, suite, made).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("mmdebstrap: %w: %s", err, out)
	}
	return path, os.Rename(made, path)
}

// ownFolder makes a folder that others may read and not write to.
func ownFolder(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !os.IsExist(err) { // #nosec G301 -- an ordinary user reads the trees
		return err
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Uid != uint32(os.Geteuid()) || st.Mode&0o022 != 0 {
		return fmt.Errorf("%s is not this user's alone", dir)
	}
	return nil
}

// withDebian is root, whose store has the tree. All tests share it: they leave its image
// as it is, and name their states after themselves.
func withDebian(t *testing.T, packages string) *user {
	t.Helper()
	tar := debian(t, packages)
	u, err := shared[packages](tar)
	must(t, err)
	return u
}

var shared = map[string]func(tar string) (*user, error){
	compilers: once(func(u *user, tar string) (string, error) { return tar, nil }),
	services:  once(unpacked),
}

// once imports an image of what a tar is made to be.
func once(source func(u *user, tar string) (string, error)) func(tar string) (*user, error) {
	var u *user
	var err error
	var first sync.Once
	return func(tar string) (*user, error) {
		first.Do(func() {
			u = &user{dir: filepath.Join(built, filepath.Base(tar))}
			if err = os.Mkdir(u.dir, 0o700); err != nil {
				return
			}
			var from string
			if from, err = source(u, tar); err != nil {
				return
			}
			out, e := u.command("image", "import", "--quiet", from, "debian").CombinedOutput()
			if err = e; err != nil {
				err = fmt.Errorf("import %s: %w: %s", from, err, out)
			}
		})
		return u, err
	}
}

// unpacked makes a folder of a tar, as root would have one of debootstrap's.
func unpacked(u *user, tar string) (string, error) {
	dir := filepath.Join(u.dir, "tree")
	if err := os.Mkdir(dir, 0o755); err != nil { // #nosec G301 -- a root folder's
		return "", err
	}
	out, err := exec.Command("tar", "-C", dir, "--exclude=./dev/*", "-xpf", tar).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("tar: %w: %s", err, out)
	}
	return dir, nil
}

func TestProgramsOfADebianImageCompileAndRunAndOneJailSeesNothingOfAnother(t *testing.T) {
	t.Run("root", func(t *testing.T) { worksAndForgets(t, withDebian(t, compilers)) })
	t.Run("ordinary_user", func(t *testing.T) {
		tar := debian(t, compilers)
		u := newUser(t, ordinary())
		u.does(t, "image", "import", "--quiet", tar, "debian")
		worksAndForgets(t, u)
	})
}

func worksAndForgets(t *testing.T, u *user) {
	wants(t, u.says(t, "--image debian", "python3", "-c", "import sys; print(sys.version_info[0])"), "3")
	u.file(t, "hello.c", []byte(`#include <stdio.h>
int main(void) { puts("hello"); return 0; }
`))
	wants(t, u.says(t, "--image debian --ro hello.c", "sh", "-c", `set -e
		gcc -O2 -o /usr/bin/hello hello.c
		hello
		mkdir /var/mine
		echo jail-was-here >>/etc/os-release
		touch /box/mine /tmp/mine
		grep -c jail-was-here /etc/os-release`), "hello\n1")
	wants(t, u.says(t, "--image debian", "sh", "-c", `ls -d /usr/bin/hello /var/mine /box/* /tmp/* 2>/dev/null; grep -c jail-was-here /etc/os-release; true`), "0")
}

// TestAnImageOfAFolderHasItsFilesWithoutItsPrivileges: no file has an owner, or a set-id
// bit, that would mean anything on the host.
func TestAnImageOfAFolderHasItsFilesWithoutItsPrivileges(t *testing.T) {
	u := withDebian(t, services)
	wants(t, u.says(t, "--image debian", "sh", "-c", "cut -d. -f1 /etc/debian_version; stat -c %a:%u /usr/bin/passwd /var/mail"), "12\n755:1000\n2775:1000")
}
