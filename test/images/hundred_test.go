package images

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jailrun/jail/test/oci"
)

// live is a jail whose program waits.
type live struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	said    bytes.Buffer
}

// start begins a jail whose program says a line when it is there, and goes on when it is
// told to.
func (u *user) start(t *testing.T, args ...string) *live {
	t.Helper()
	l := &live{command: u.command(append([]string{"exec", "--quiet"}, args...)...)}
	in, err := l.command.StdinPipe()
	must(t, err)
	out, err := l.command.StdoutPipe()
	must(t, err)
	l.in, l.out = in, bufio.NewReader(out)
	l.command.Stderr = &l.said
	must(t, l.command.Start())
	t.Cleanup(func() { l.in.Close() })
	return l
}

func (l *live) line(t *testing.T) string {
	t.Helper()
	line, err := l.out.ReadString('\n')
	if err != nil {
		_ = l.command.Wait() // then all has been said
		t.Fatalf("%v after %q: %s", err, line, l.said.String())
	}
	return strings.TrimSpace(line)
}

// end lets the program go on, and gives what it says at last.
func (l *live) end(t *testing.T) string {
	t.Helper()
	must(t, l.in.Close())
	rest, err := io.ReadAll(l.out)
	must(t, err)
	must(t, l.command.Wait())
	return strings.TrimSpace(string(rest))
}

// TestAHundredJailsTakeTheDiskOfOneImageAndOfTheirChanges: all live at once, each with a
// state of its own.
func TestAHundredJailsTakeTheDiskOfOneImageAndOfTheirChanges(t *testing.T) {
	const jails, change = 100, 256 << 10
	dir := public(t)
	must(t, image(append(small(t), bulk(t))...).Layout(filepath.Join(dir, "layout")))
	asRootAndNot(t, func(t *testing.T, u *user) {
		u.does(t, "image", "import", "--quiet", filepath.Join(dir, "layout"), "bulky")
		image := diskUse(t, u.store())
		var all []*live
		for i := range jails {
			all = append(all, u.start(t, "--image", "bulky", "--state", "s"+strconv.Itoa(i), "--state-size", "16M", "--",
				"sh", "-c", fmt.Sprintf("echo $(stat -c %%s /usr/bulk); dd if=/dev/urandom of=/mine bs=1024 count=%d 2>/dev/null; echo done; read l; cat /opt/new", change>>10)))
		}
		for _, l := range all {
			wants(t, l.line(t), strconv.Itoa(bulkBytes))
			wants(t, l.line(t), "done")
		}
		for _, l := range all {
			wants(t, l.end(t), "new")
		}
		for i := range jails {
			u.does(t, "state", "diff", "s"+strconv.Itoa(i)) // which waits until the jail has let go of it
		}
		took := diskUse(t, u.store()) - image
		t.Logf("the image takes %d KiB; %d jails on it, each with %d KiB of its own, take %d KiB, so %d KiB each", image>>10, jails, change>>10, took>>10, took/jails>>10)
		if most := int64(jails * 2 << 20); took > most {
			t.Errorf("%d jails take %d bytes beside the image, which has %d", jails, took, image)
		}
	})
}

// mapper maps a file as a library is mapped, reads it whole, and when its input has ended
// prints what the kernel counts as its own part of memory, in KiB.
const mapper = `#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv) {
	struct stat st;
	int fd = open(argv[argc - 1], O_RDONLY);
	if (fd < 0 || fstat(fd, &st)) return 2;
	volatile const char *p = mmap(0, st.st_size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED) return 3;
	for (long i = 0; i < st.st_size; i += 4096) (void)p[i];
	printf("%ld\n", (long)st.st_size >> 10);
	fflush(stdout);
	while (getchar() != EOF) ;
	char line[256];
	long pss = -1;
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	while (f && fgets(line, sizeof line, f)) sscanf(line, "Pss: %ld", &pss);
	printf("%ld\n", pss);
	return 0;
}
`

// TestJailsOnOneImageShareTheMemoryOfItsFiles: each counts but its part of what all of
// them have mapped (Pss in proc_pid_smaps(5)).
func TestJailsOnOneImageShareTheMemoryOfItsFiles(t *testing.T) {
	const jails = 20
	dir := public(t)
	source, program := filepath.Join(dir, "mapper.c"), filepath.Join(dir, "mapper")
	must(t, os.WriteFile(source, []byte(mapper), 0o600))
	tool(t, "gcc", "-static", "-O1", "-o", program, source)
	must(t, image(layerOf(t, oci.File{Name: "mapper", Body: content(t, program)}), bulk(t)).Layout(filepath.Join(dir, "layout")))
	asRootAndNot(t, func(t *testing.T, u *user) {
		u.does(t, "image", "import", "--quiet", filepath.Join(dir, "layout"), "mapped")
		start := func() *live { return u.start(t, "--image", "mapped", "--", "/mapper", "/usr/bulk") }
		one := start()
		wants(t, one.line(t), strconv.Itoa(bulkBytes>>10))
		alone := one.part(t)
		var all []*live
		for range jails {
			all = append(all, start())
		}
		for _, l := range all {
			l.line(t)
		}
		sum := 0
		for i, l := range all {
			if n := l.part(t); i < jails/2 { // half of them are there still
				sum += n
			}
		}
		t.Logf("a jail that has mapped %d KiB takes %d KiB alone; the first %d of %d take %d KiB together", bulkBytes>>10, alone, jails/2, jails, sum)
		if alone < bulkBytes>>10 || sum*2 > jails/2*alone {
			t.Errorf("%d jails take %d KiB, and one %d", jails/2, sum, alone)
		}
	})
}

// part ends a mapper, and gives its part of the memory in KiB.
func (l *live) part(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(l.end(t))
	must(t, err)
	return n
}

const bulkBytes = 64 << 20

// bulk is a layer of one large file.
func bulk(t *testing.T) []byte {
	return layerOf(t, oci.File{Name: "usr/"}, oci.File{Name: "usr/bulk", Body: strings.Repeat("0123456789abcdef", bulkBytes/16)})
}
