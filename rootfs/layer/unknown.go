package layer

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// hash stands for a path: a million of them are eight megabytes. Their key is drawn
// anew each time, so that nobody can have made two that are alike.
func (v *verifier) hash(path string) uint64 { return maphash.String(v.seed, path) }

func (v *verifier) knows(path string) bool {
	_, has := slices.BinarySearch(v.known, v.hash(path))
	return has
}

// unknown finds what is in the tree and in no entry.
func (v *verifier) unknown(ctx context.Context) error {
	return v.descend(ctx, v.tree.top, "")
}

// descend looks at a folder, whose depth is bounded by that of the entries: what none
// has is not entered.
func (v *verifier) descend(ctx context.Context, f *os.File, path string) error {
	if err := v.overlayed(f, path); err != nil {
		return err
	}
	for {
		const batch = 1024
		names, err := f.ReadDir(batch)
		for _, n := range names {
			if err := v.entry(ctx, f, path, n); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return ctx.Err()
		case err != nil:
			return err
		}
	}
}

func (v *verifier) entry(ctx context.Context, in *os.File, path string, n os.DirEntry) error {
	at := strings.TrimPrefix(path+"/"+n.Name(), "/")
	if !v.knows(at) {
		v.problem(at, ErrUnknown)
		return nil
	}
	if !n.IsDir() {
		return nil
	}
	f, err := safepath.Beneath(int(in.Fd()), n.Name(), unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer f.Close()
	return v.descend(ctx, f, at)
}

// overlayed finds attributes by which a folder would change what an overlay shows.
func (v *verifier) overlayed(f *os.File, path string) error {
	names, err := attributes(int(f.Fd()))
	if err != nil {
		return err
	}
	for _, name := range names {
		own := name == opaqueXattr && v.knows(strings.TrimPrefix(path+"/"+opaqueName, "/"))
		if strings.HasPrefix(name, overlaySpace) && !own {
			v.problem(path, &Error{Op: verifying, Err: ErrAttribute, Hint: name + " was added"})
		}
	}
	return nil
}
