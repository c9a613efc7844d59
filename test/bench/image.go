package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
)

// A system's root file system, as images have them: 30,000 files of 1 GB.
const (
	imageFiles   = 30_000
	imageFolders = 600
	imageBytes   = 1_000_000_000
)

var (
	errNoJaild = errors.New(`bin/jaild is not built ("make build")`)
	errNoUmoci = errors.New("umoci is not installed")
)

// imported measures the import of an image beside tar, which looks at nothing, and
// umoci. All write to folders that are new, and remove none in between: ext4 avoids
// inodes that were freed lately, and looks for others for as long.
func imported(ctx context.Context, l *lab) ([]figure, error) {
	jaild, err := filepath.Abs(filepath.Join(filepath.Dir(l.built), "jaild"))
	if err != nil || !exists(jaild) {
		return nil, errNoJaild
	}
	source := filepath.Join(l.dir, "image.tar")
	if err := writeImage(source, l.n); err != nil {
		return nil, err
	}
	if err := shrink(); err != nil {
		return nil, err
	}
	b := &importing{dir: l.dir, jaild: jaild, source: source}
	rounds := min(l.n/20, 4)
	d, err := takeTurns(ctx, b.jail(ctx, source), b.tar(ctx), 1, max(rounds, 1))
	if err != nil {
		return nil, err
	}
	all := contest("import of 1 GB", "tar -x", d, bounds{50, 1.2, 1.0})
	all = append(all, figure{name: "import of 1 GB, memory in MB", ours: float64(b.peak) / 1e3, gate: 64, target: 32})
	layout := filepath.Join(l.dir, "layout")
	if err := b.export(ctx, layout); err != nil {
		return all, err
	}
	if d, err = takeTurns(ctx, b.jail(ctx, layout), b.umoci(ctx, layout), 0, max(rounds/2, 1)); err != nil {
		return all, err
	}
	return append(all, contest("import of 1 GB, OCI layout", "umoci", d, bounds{50, 1.0, 0.5})...), nil
}

// shrink gives back what the benchmark has held: what a process was before an exec
// counts as its own most (getrusage(2), ru_maxrss; proc_pid_clear_refs(5)).
func shrink() error {
	debug.FreeOSMemory()
	return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// importing runs what is compared, each time into a folder that is new.
type importing struct {
	dir, jaild, source string
	made               int
	peak               int64 // the most that jaild or its unpacker held, in KB
}

func (b *importing) folder() string {
	b.made++
	return filepath.Join(b.dir, "unpacked-"+strconv.Itoa(b.made))
}

func (b *importing) jail(ctx context.Context, source string) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		c := exec.CommandContext(ctx, b.jaild, "image", "import", "--quiet", source, "image")
		c.Env = append(os.Environ(), "JAIL_STORE="+b.folder())
		took, err := timed(c)
		if u, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
			b.peak = max(b.peak, u.Maxrss)
		}
		return took, err
	}
}

func (b *importing) tar(ctx context.Context) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		to := b.folder()
		if err := os.Mkdir(to, 0o755); err != nil {
			return 0, err
		}
		return timed(exec.CommandContext(ctx, "tar", "-C", to, "-xf", b.source))
	}
}

func (b *importing) umoci(ctx context.Context, layout string) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		return timed(exec.CommandContext(ctx, "umoci", "unpack", "--image", layout+":latest", b.folder()))
	}
}

// export has the image as an OCI layout, whose layers are not compressed: else all
// would measure gzip.
func (b *importing) export(ctx context.Context, layout string) error {
	if _, err := exec.LookPath("umoci"); err != nil {
		return errNoUmoci
	}
	store := "JAIL_STORE=" + filepath.Join(b.dir, "unpacked-1")
	c := exec.CommandContext(ctx, "sh", "-c", `mkdir "$0" && "$1" image export image - | tar -C "$0" -xf -`, layout, b.jaild)
	c.Env = append(os.Environ(), store)
	_, err := timed(c)
	return err
}

func timed(c *exec.Cmd) (time.Duration, error) {
	var said bytes.Buffer
	c.Stderr = &said
	begin := time.Now()
	err := c.Run()
	took := time.Since(begin)
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %s", c.Args[0], err, said.Bytes())
	}
	return took, nil
}

// writeImage makes the archive; a quick run has a hundredth of it.
func writeImage(path string, n int) (err error) {
	const quickRuns, least = 20, 100
	share := 1
	if n <= quickRuns {
		share = least
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := tar.NewWriter(f)
	text := words()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range imageFiles / share {
		if i%(imageFiles/imageFolders) == 0 {
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: folderOf(i) + "/", Mode: 0o755, ModTime: time.Unix(1e9, 0)}); err != nil {
				return err
			}
		}
		size := int64(min(r.ExpFloat64()*imageBytes/imageFiles, 2e6))
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: folderOf(i) + "/" + strconv.Itoa(i), Mode: 0o644, ModTime: time.Unix(1e9, 0), Size: size}); err != nil {
			return err
		}
		if _, err := io.CopyN(w, bytes.NewReader(text[r.IntN(len(text)-2e6):]), size); err != nil {
			return err
		}
	}
	return w.Close()
}

func folderOf(i int) string { return "usr/share/" + strconv.Itoa(i/(imageFiles/imageFolders)) }

// words can be compressed as programs and texts can.
func words() []byte {
	const size = 8 << 20
	r := rand.New(rand.NewPCG(3, 4))
	var b bytes.Buffer
	for b.Len() < size {
		fmt.Fprintf(&b, "%x ", r.IntN(1<<14)*0x9e3779b1)
	}
	return b.Bytes()
}
