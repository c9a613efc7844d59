package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/test/oci"
)

// imageBounds are those of a launch from an image by one on the host's system.
var imageBounds = []bounds{{50, 1.15, 1.05}, {95, 1.5, 1.15}}

// depths are the layers of the images that are launched from: Docker's builder makes
// some 20, and 128 are the most that jail takes.
var depths = []int{1, 5, 20, 40}

// crowded is how many files an image has besides its program.
const crowded = 30_000

// store is a store of the lab's own, in which images are.
func (l *lab) store() string { return filepath.Join(l.dir, "store") }

// manage runs a command of jail's on the store.
func (l *lab) manage(ctx context.Context, args ...string) error {
	c := exec.CommandContext(ctx, l.jail, args...)
	c.Env = append(os.Environ(), "JAIL_STORE="+l.store())
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("jail %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// fromImage is a launch of the program that does nothing, from an image.
func (l *lab) fromImage(name string, flags ...string) command {
	argv := append([]string{l.jail, "exec", "--image", name}, flags...)
	return command{argv: append(argv, "--", "/true"), env: []string{"JAIL_STORE=" + l.store()}}
}

// images measures launches from images of more and more layers, and of many files, by
// that on the host's system.
func images(ctx context.Context, l *lab) (all []figure, err error) {
	for _, n := range depths {
		f, err := l.launchFrom(ctx, "image of "+strconv.Itoa(n)+" layers", n, 20)
		if err != nil {
			return nil, err
		}
		all = append(all, f...)
	}
	f, err := l.launchFrom(ctx, "image of "+strconv.Itoa(crowded)+" files", 1, crowded)
	return append(all, f...), err
}

func (l *lab) launchFrom(ctx context.Context, title string, layers, files int) ([]figure, error) {
	name := fmt.Sprintf("bench:%d-%d", layers, files)
	if err := l.makeImage(ctx, name, layers, files); err != nil {
		return nil, err
	}
	d, err := fight(ctx, l.fromImage(name), l.jailTrue(0), l.warm, l.n)
	return contest(title, "host's system", d, imageBounds...), err
}

// makeImage has the program in its lowest layer, and so many files in each.
func (l *lab) makeImage(ctx context.Context, name string, layers, files int) error {
	program, err := os.ReadFile(l.program("true"))
	if err != nil {
		return err
	}
	var made oci.Image
	for i := range layers {
		list := []oci.File{{Name: "true", Body: string(program)}}
		if i > 0 {
			list = nil
		}
		for k := range files {
			list = append(list, oci.File{Name: fmt.Sprintf("srv/%d/%d/%d", i, k/1000, k), Body: strconv.Itoa(k)})
		}
		layer, err := oci.Layer(list...)
		if err != nil {
			return err
		}
		made = append(made, layer)
	}
	dir := filepath.Join(l.dir, strings.ReplaceAll(name, ":", "-"))
	if err := made.Layout(dir); err != nil {
		return err
	}
	return l.manage(ctx, "image", "import", "--quiet", dir, name)
}

// stateLaunch measures a launch with a state by one whose changes are gone with it.
func stateLaunch(ctx context.Context, l *lab) ([]figure, error) {
	const name = "bench:state"
	if err := l.makeImage(ctx, name, 1, 1); err != nil {
		return nil, err
	}
	d, err := fight(ctx, l.fromImage(name, "--state", "kept"), l.fromImage(name), l.warm, l.n)
	return contest("launch with a state", "without", d, bounds{50, 3, 1.5}), err
}

// The root that a state is committed over, and what was changed of it.
const (
	rootFiles   = 1024
	rootMiB     = 1024
	changeFiles = 10
)

// stateCommit measures how long it takes to make an image of a small change of a large
// root: that must depend on the change alone.
func stateCommit(ctx context.Context, l *lab) ([]figure, error) {
	dir := filepath.Join(l.dir, "root")
	if err := l.largeRoot(dir); err != nil {
		return nil, err
	}
	if err := l.manage(ctx, "image", "import", "--quiet", dir, "bench:large"); err != nil {
		return nil, err
	}
	var took []time.Duration
	for i := range max(l.n/10, 5) {
		id := strconv.Itoa(i)
		script := "for i in 0 1 2 3 4 5 6 7 8 9; do echo " + id + " >>/srv/$i; done"
		if err := l.manage(ctx, "exec", "--quiet", "--image", "bench:large", "--state", "large", "--", "/bin/busybox", "sh", "-c", script); err != nil {
			return nil, err
		}
		began := time.Now()
		if err := l.manage(ctx, "state", "commit", "large", "bench:made-"+id); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	title := fmt.Sprintf("commit %d files of %d MiB p50", changeFiles, rootMiB)
	return []figure{{name: title, ours: ms(percentile(took, 50)), gate: 100, target: 50}}, nil
}

func (l *lab) largeRoot(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
		return err
	}
	if err := copyProgram("/bin/busybox", filepath.Join(dir, "bin", "busybox")); err != nil {
		return fmt.Errorf("%w: install busybox-static", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "srv"), 0o755); err != nil {
		return err
	}
	content := []byte(strings.Repeat("0123456789abcdef", rootMiB<<20/rootFiles/16))
	for i := range rootFiles {
		name := filepath.Join(dir, "srv", strconv.Itoa(i))
		b := content
		if i < changeFiles {
			b = content[:4096]
		}
		if err := os.WriteFile(name, b, 0o644); err != nil {
			return err
		}
	}
	return nil
}
