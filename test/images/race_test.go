package images

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs/exchange"
	"golang.org/x/sys/unix"
)

// swapper has "result" be a file, then a link to what it is told, then a FIFO, as fast as
// it can. A rename leaves no moment without the name.
const swapper = `#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv) {
	if (argc != 3 || chdir(argv[1])) return 2;
	puts("ready");
	fflush(stdout);
	for (;;) {
		int fd = open("file", O_WRONLY | O_CREAT, 0600);
		if (write(fd, "mine\n", 5) != 5 || close(fd) || rename("file", "result")) return 3;
		if (symlink(argv[2], "link") || rename("link", "result")) return 4;
		if (mkfifo("pipe", 0600) || rename("pipe", "result")) return 5;
	}
}
`

const secret = "what no jail may have\n"

// TestNoSwappedNameIsFollowedOutOfAJail: a link to a file of the caller's, or a FIFO that
// nobody writes to, in the place of a result, while that is copied out again and again.
// Who opens the same name of a program without a jail is led there, and waits there.
func TestNoSwappedNameIsFollowedOutOfAJail(t *testing.T) {
	dir := public(t)
	program, target := filepath.Join(dir, "swapper"), filepath.Join(dir, "secret")
	must(t, os.WriteFile(program+".c", []byte(swapper), 0o600))
	tool(t, "gcc", "-static", "-O1", "-o", program, program+".c")
	must(t, os.WriteFile(target, []byte(secret), 0o600))
	followed, waited := openedNaively(t, program, target)
	if !followed || !waited {
		t.Fatalf("proves nothing: followed %v, waited %v", followed, waited)
	}
	lasts := 2 * time.Second
	if long() {
		lasts = 10 * time.Second
	}
	got := copiedOut(t, program, target, lasts)
	t.Logf("copied %d times: %v", got.sum(), got)
	if got["mine\n"] == 0 || got["is-link"] == 0 || got["not-regular"] == 0 {
		t.Errorf("not each of the three was met: %v", got)
	}
	for what := range got {
		if what != "mine\n" && what != "" && what != "is-link" && what != "not-regular" && what != "not-found" {
			t.Errorf("it gave %q", what)
		}
	}
}

// openedNaively opens the name in a plain folder until it was led by the link, and until
// it was kept waiting by the FIFO.
func openedNaively(t *testing.T, program, target string) (followed, waited bool) {
	t.Helper()
	box := t.TempDir()
	c := exec.Command(program, box, target)
	must(t, c.Start())
	defer func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	}()
	for tries := 0; tries < 2000 && !(followed && waited); tries++ {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		out, _ := exec.CommandContext(ctx, "cat", filepath.Join(box, "result")).Output() // it may not be there yet
		followed = followed || string(out) == secret
		waited = waited || ctx.Err() != nil
		cancel()
	}
	return followed, waited
}

// tally counts what copies gave: a file's content, or an error's code.
type tally map[string]int

func (t tally) sum() (n int) {
	for _, k := range t {
		n += k
	}
	return n
}

// copiedOut copies the name out of a jail for so long.
func copiedOut(t *testing.T, program, target string, lasts time.Duration) tally {
	t.Helper()
	c := isolate.Command(&policy.Policy{}, "/box/swapper", "/box", target)
	must(t, c.Show(filepath.Dir(program), "swapper"))
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	got := tally{}
	for end := time.Now().Add(lasts); time.Now().Before(end); {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		var b bytes.Buffer
		_, err := c.CopyOut(ctx, "result", exchange.ToWriter(&b), exchange.OutOptions{})
		if ctx.Err() != nil {
			t.Error("a copy waited")
		}
		cancel()
		var e *exchange.Error
		switch {
		case err == nil:
			got[b.String()]++
		case errors.As(err, &e):
			got[string(e.Code())]++
		default:
			t.Fatal(err)
		}
	}
	must(t, c.Signal(unix.SIGKILL))
	_ = c.Wait() // how it ended is known
	return got
}
