package isolate

import (
	"os"
	"path/filepath"

	"github.com/jailrun/jail/internal/filelock"
	"github.com/jailrun/jail/internal/removal"
	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// makeScratch makes the folder that stands in for /box and /tmp where the
// program sees the host's tree, and puts the files of the command line there.
func (r *run) makeScratch() error {
	dir, err := r.scratchDir()
	if err == nil {
		err = r.fillScratch(dir)
	}
	if err != nil {
		return &LaunchError{Op: "make a folder for the run", Index: -1, Layer: policy.LayerRootfs, Err: err}
	}
	r.scratch = dir
	return nil
}

// scratchDir makes a folder that is owned by its name, so that GC knows whose it
// was. Nobody else can have taken the name: it holds our start time, and the
// folder's parent is sticky.
func (r *run) scratchDir() (string, error) {
	n, err := cgroup.OwnName(runs.Add(1))
	if err != nil {
		return "", err
	}
	dir := filepath.Join(os.TempDir(), n.String())
	if err := os.Mkdir(dir, 0o711); err != nil { // #nosec G301 -- the program, another user, goes through it and lists nothing
		return "", err
	}
	lock, err := filelock.Folder(dir)
	r.closers = append(r.closers, func() {
		_ = removal.All(dir) // what is left by an error here is jail gc's, by its name
		lock.Close()
	})
	return dir, err
}

func (r *run) fillScratch(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "probe"), nil, 0o444); err != nil { // #nosec G306 -- empty, and readable by all: it is Landlock that must refuse it
		return err
	}
	box := filepath.Join(dir, "box")
	if err := os.Mkdir(box, 0o700); err != nil {
		return err
	}
	for _, n := range r.found.named {
		if err := copyTo(n.Fd, filepath.Join(box, n.Name), os.FileMode(n.Mode)); err != nil {
			return err
		}
	}
	if r.ids == nil {
		return nil
	}
	return os.Chown(box, r.ids.target, r.ids.target)
}

func copyTo(fd int, path string, mode os.FileMode) error {
	to, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode) // #nosec G304 -- new, in a folder that nobody else writes to
	if err != nil {
		return err
	}
	defer to.Close()
	for {
		n, err := unix.Sendfile(int(to.Fd()), fd, nil, 1<<30)
		if n == 0 || err != nil {
			return err
		}
	}
}
