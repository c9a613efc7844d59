package layer

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash/maphash"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

const verifying = "verify"

// VerifyOptions say what a layer is held to.
type VerifyOptions struct {
	DiffID      digest.Digest // of its archive
	MappedOwner bool          // what Info said when it was unpacked
	Limits      Limits        // what it was unpacked with
}

// Report is what Verify found.
type Report struct {
	Entries  int64    // of the archive
	Bytes    int64    // of it, uncompressed
	Problems []*Error // the first 100: of each the Object is a path in the tree, "" for the archive
	More     int      // problems beyond these
}

// Intact says whether nothing was found.
func (r *Report) Intact() bool { return len(r.Problems) == 0 }

const mostProblems = 100

// Verify reads the archive of the layer in dir anew and holds it to its digest, each
// entry to what is in the tree, and the tree to having nothing else. What is wrong is
// in the report; the error, an *Error, is of what kept it from looking.
func Verify(ctx context.Context, dir *os.File, o VerifyOptions) (*Report, error) {
	o.Limits = o.Limits.orDefaults()
	v := &verifier{report: &Report{}, amiss: map[string]error{}, seed: maphash.MakeSeed()}
	r, err := newReplayer(ctx, dir)
	if err != nil {
		return nil, refuse(verifying, dir.Name(), err)
	}
	defer r.close()
	r.amiss = v.problem
	top, err := safepath.Beneath(int(dir.Fd()), TreeDir, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, refuse(verifying, dir.Name(), err)
	}
	v.tree = &tree{top: top, owners: !o.MappedOwner}
	defer v.tree.close()
	if err := v.run(r, &o); err != nil {
		return nil, refuse(verifying, dir.Name(), err)
	}
	return v.report, nil
}

// verifier compares a layer with its archive.
type verifier struct {
	report *Report
	tree   *tree
	amiss  map[string]error // folders that an entry does not fit; a later one may
	seed   maphash.Seed
	known  []uint64 // hashes of the paths that entries have; sorted when all are read
	within string   // the folder whose own path is among them already
}

func (v *verifier) run(r *replayer, o *VerifyOptions) error {
	sum := &counter{r: r, sum: sha256.New()}
	if err := v.entries(r.ctx, sum, o); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, sum); err != nil { // what follows the last header
		return err
	}
	v.report.Bytes = sum.n.Load()
	if got := digest.Digest(sum.sum.Sum(nil)); got != o.DiffID {
		v.problem("", &Error{Op: verifying, Err: ErrDigest, Hint: "it is " + got.String()})
	}
	for _, path := range slices.Sorted(maps.Keys(v.amiss)) {
		v.problem(path, v.amiss[path])
	}
	slices.Sort(v.known)
	return v.unknown(r.ctx)
}

// entries holds each entry to the tree. A skeleton that can't be read on is a problem.
func (v *verifier) entries(ctx context.Context, r io.Reader, o *VerifyOptions) error {
	err := walkHeaders(ctx, r, &o.Limits, func(e item, contents io.Reader) error {
		v.report.Entries++
		v.check(e, contents)
		if len(v.amiss) > mostProblems*mostProblems {
			return ErrDiffers
		}
		return nil
	})
	if errors.Is(err, ErrSkeleton) {
		v.problem(SkeletonFile, ErrSkeleton)
		return nil
	}
	return err
}

func (v *verifier) problem(path string, err error) {
	if len(v.report.Problems) == mostProblems {
		v.report.More++
		return
	}
	e := &Error{}
	if !errors.As(err, &e) {
		e = &Error{Op: verifying, Object: path, Err: err}
	}
	e.Object = path
	v.report.Problems = append(v.report.Problems, e)
}
