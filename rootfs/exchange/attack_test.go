package exchange

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/size"
	"golang.org/x/sys/unix"
)

const secret = "the secret"

// programs are what an untrusted program does to its folder, over and over.
var programs = map[string]func(turn int){
	"swap":   swap,
	"folder": swapFolder,
	"away":   moveAway,
	"fill":   fill,
	"write":  write,
	"sparse": punch,
}

// swap has one name be a file, a link to the secret, a FIFO, and a link of /proc.
func swap(int) {
	_ = os.WriteFile("t1", []byte("harmless"), 0o600)
	_ = os.Rename("t1", "f")
	_ = os.Symlink("../secret", "t2")
	_ = os.Rename("t2", "f")
	_ = unix.Mkfifo("t3", 0o600)
	_ = os.Rename("t3", "f")
	_ = os.Symlink("/proc/self/fd/0", "t4")
	_ = os.Rename("t4", "f")
}

// swapFolder has one name be a folder, and a link to the one of the secret.
func swapFolder(turn int) {
	if turn == 0 {
		_ = os.Mkdir("d", 0o755)
		_ = os.WriteFile("d/secret", []byte("harmless"), 0o600)
		_ = os.Symlink("..", "l")
	}
	_ = unix.Renameat2(unix.AT_FDCWD, "d", unix.AT_FDCWD, "l", unix.RENAME_EXCHANGE)
}

// moveAway moves a folder up and down while it is walked.
func moveAway(turn int) {
	if turn == 0 {
		_ = os.MkdirAll("a/b/c/d", 0o755)
		_ = os.WriteFile("a/b/c/d/secret", []byte("harmless"), 0o600)
	}
	_ = os.Rename("a/b/c", "c")
	_ = os.Rename("c", "a/b/c")
}

// fill adds names as fast as it can.
func fill(turn int) { _ = unix.Mknod("n"+strconv.Itoa(turn), unix.S_IFREG|0o600, 0) }

// write has a file grow, shrink and grow.
func write(turn int) {
	f, _ := os.OpenFile("f", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	defer f.Close()
	if turn%40 == 0 {
		_ = f.Truncate(0)
	}
	for range 100 {
		_, _ = f.Write(make([]byte, 1<<16))
	}
}

// punch makes and fills holes.
func punch(int) {
	f, _ := os.OpenFile("f", os.O_CREATE|os.O_WRONLY, 0o600)
	defer f.Close()
	_ = f.Truncate(8 << 20)
	for i := range int64(2048) {
		_, _ = f.WriteAt(make([]byte, 4096), i*4096)
		_ = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, i*7%2048*4096, 4096)
	}
}

// attacked starts a program in a folder beside the secret, until the test ends.
func attacked(t *testing.T, name string) (tree *os.File, dir string) {
	t.Helper()
	top := grow(t, t.TempDir(), "secret = "+secret, "jail/")
	dir = top + "/jail"
	cmd := exec.Command("/proc/self/exe")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "JAIL_TEST_PROGRAM="+name)
	begun, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	_, err = begun.Read(make([]byte, 1))
	must(t, err)
	return look(t, dir), dir
}

// duration is how long an attack is held out against: 10s with
// JAIL_TEST_LONG, as long as it takes to have gone many ways otherwise.
func duration() <-chan time.Time {
	if os.Getenv("JAIL_TEST_LONG") != "" {
		return time.After(10 * time.Second)
	}
	return time.After(2 * time.Second)
}

// breach does what a careless supervisor would until it has the secret.
func breach(t *testing.T, read func() []byte) {
	t.Helper()
	for late := time.After(20 * time.Second); ; {
		select {
		case <-late:
			t.Fatal("the attack gets nowhere without the defence")
		default:
			if bytes.Contains(read(), []byte(secret)) {
				return
			}
		}
	}
}

// carefree opens what a name leads to, but for a FIFO, which would end the test.
func carefree(path string) []byte {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil
	}
	b, _ := io.ReadAll(f)
	return b
}

func TestASwappedFileIsNeverFollowed(t *testing.T) {
	tree, dir := attacked(t, "swap")
	breach(t, func() []byte { return carefree(dir + "/f") })
	seen := map[Code]int{}
	for end := duration(); ; {
		select {
		case <-end:
			t.Logf("%v", seen)
			if seen[""] == 0 || seen[IsLink] == 0 || seen[NotRegular] == 0 {
				t.Errorf("not all ways were met: %v", seen)
			}
			return
		default:
		}
		var b bytes.Buffer
		_, err := Out(t.Context(), tree, "f", ToWriter(&b), OutOptions{})
		seen[code(err)]++
		if s := b.String(); s != "" && s != "harmless" {
			t.Fatalf("it read %q", s)
		}
		switch code(err) {
		case "", IsLink, NotRegular:
		default:
			t.Fatal(err)
		}
	}
}

func TestASwappedFolderIsNeverFollowed(t *testing.T) {
	for _, program := range []string{"folder", "away"} {
		tree, dir := attacked(t, program)
		if program == "folder" {
			breach(t, func() []byte { return carefree(dir + "/d/secret") })
		}
		copied := 0
		for end, going := duration(), true; going; {
			select {
			case <-end:
				going = false
			default:
			}
			for _, from := range []string{".", "d/secret", "a/b/c/d/secret", "**/secret"} {
				var b bytes.Buffer
				_, err := Out(t.Context(), tree, from, ToTar(&b), OutOptions{})
				if bytes.Contains(b.Bytes(), []byte(secret)) {
					t.Fatalf("%s: it followed %s (%v)", program, from, err)
				}
				if bytes.Contains(b.Bytes(), []byte("harmless")) {
					copied++
				}
			}
		}
		if copied == 0 {
			t.Errorf("%s: nothing was ever copied", program)
		}
	}
}

func TestAFolderThatFillsEndsAtTheLimit(t *testing.T) {
	tree, _ := attacked(t, "fill")
	for range 5 {
		_, err := Out(t.Context(), tree, ".", ToFolder(t.TempDir(), HostOptions{}), OutOptions{Limits: Limits{Names: 100}})
		if err != nil && code(err) != TooMany {
			t.Error(err)
		}
	}
	for end := time.Now().Add(20 * time.Second); ; {
		_, err := Out(t.Context(), tree, "x*", ToFolder(t.TempDir(), HostOptions{}), OutOptions{Limits: Limits{Names: 5000}})
		if code(err) == TooMany {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	r, err := Out(t.Context(), tree, ".", ToFolder(t.TempDir(), HostOptions{}), OutOptions{Limits: Limits{Names: 5000, Cut: true}})
	if err != nil || !r.Truncated || r.Files > 5000 {
		t.Errorf("%d files, truncated is %v, %v", r.Files, r.Truncated, err)
	}
}

func TestAFileThatGrowsOrShrinksIsCutOrWhatWasRead(t *testing.T) {
	for _, program := range []string{"write", "sparse"} {
		tree, _ := attacked(t, program)
		into := t.TempDir()
		for i := range 15 {
			name := into + "/" + strconv.Itoa(i)
			r, err := Out(t.Context(), tree, "f", ToPath(name, HostOptions{}), OutOptions{Limits: Limits{Bytes: 16 * size.MiB, Cut: true}})
			must(t, err)
			st, err := os.Stat(name)
			if err != nil || st.Size() != r.Bytes || st.Size() > 16<<20 {
				t.Fatalf("%v, %d bytes, not %d", err, st.Size(), r.Bytes)
			}
			must(t, os.Remove(name))
			var b bytes.Buffer
			if _, err := Out(t.Context(), tree, "f", ToTar(&b), OutOptions{Limits: Limits{Bytes: 16 * size.MiB, Cut: true}}); err != nil || b.Len()%512 != 0 {
				t.Fatalf("%v, %d bytes of tar", err, b.Len())
			}
			if _, err := Out(t.Context(), tree, "f", ToPath(name, HostOptions{}), OutOptions{Limits: Limits{Bytes: size.MiB}}); err != nil {
				if code(err) != TooLarge {
					t.Fatal(err)
				}
				if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
					t.Fatalf("half a file is left: %v", err)
				}
			} else {
				must(t, os.Remove(name))
			}
		}
	}
}

// What is made in the tree must never be made outside of it, nor must a folder of
// the host's be given away.
func TestAFolderThatIsSwappedWhileFilesGoInLeadsNowhere(t *testing.T) {
	tree, dir := attacked(t, "folder")
	seen := map[Code]int{}
	for end, i := duration(), 0; ; i++ {
		select {
		case <-end:
			if seen[""] == 0 || seen[FolderFailed] == 0 {
				t.Errorf("not all ways were met: %v", seen)
			}
			return
		default:
		}
		name := "made" + strconv.Itoa(i)
		_, err := In(t.Context(), tree, FromBytes([]byte("x")), "d/"+name, InOptions{Owner: &Owner{os.Getuid(), os.Getgid()}})
		seen[code(err)]++
		if err != nil && code(err) != FolderFailed {
			t.Fatal(err)
		}
		if _, err := os.Lstat(dir + "/../" + name); err == nil {
			t.Fatal("it was made outside")
		}
	}
}
