package layer

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

const unpacking = "unpack"

// Unpack makes the tree and the skeleton of an archive in dir, an empty folder. All
// is made beneath that descriptor, and nothing that the archive has is followed. When
// it fails, what it has made is left in the folder.
//
// It runs in the caller's own process: see Confined. It reads r in a goroutine, which
// it waits for: a Read that never returns holds it up, also when ctx is done. The
// error is an *Error.
func Unpack(ctx context.Context, r io.Reader, dir *os.File, o Options) (Info, error) {
	o.Limits = o.Limits.orDefaults()
	o.owners = o.owners || !o.confined && givesAway()
	src, err := newSource(ctx, r, &o)
	if err != nil {
		return Info{}, refuse(unpacking, "", err)
	}
	defer src.close()
	u := &unpacker{options: &o, src: src}
	if err := u.open(dir); err != nil {
		return Info{}, refuse(unpacking, dir.Name(), err)
	}
	defer u.close()
	if err := u.run(dir); err != nil {
		return Info{}, refuse(unpacking, u.at, err)
	}
	return u.info, nil
}

// unpacker makes a layer's folder.
type unpacker struct {
	options *Options
	src     *source
	rec     *recorder
	tree    *tree
	info    Info
	at      string // the entry that is being made
}

func (u *unpacker) open(dir *os.File) (err error) {
	if err := unix.Mkdirat(int(dir.Fd()), TreeDir, 0o755); err == unix.EEXIST {
		return ErrNotEmpty
	} else if err != nil {
		return err
	}
	top, err := safepath.Beneath(int(dir.Fd()), TreeDir, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	u.tree = &tree{top: top, owners: u.options.owners}
	w, err := newSkeleton(dir)
	if err != nil {
		u.tree.close()
		return err
	}
	u.rec = &recorder{src: u.src, to: w, most: u.options.Limits.Header}
	u.info.MappedOwner = !u.tree.owners
	return nil
}

func (u *unpacker) close() {
	_ = u.rec.to.close()
	u.tree.close()
}

// run reads the archive once, and then what it says of its folders: what was made in
// them has changed their times.
func (u *unpacker) run(dir *os.File) error {
	if err := u.entries(); err != nil {
		return err
	}
	u.at = ""
	if err := u.rec.rest(); err != nil {
		return err
	}
	if err := u.rec.to.end(); err != nil {
		return err
	}
	if err := u.sum(); err != nil {
		return err
	}
	return settle(u.src.ctx, dir, u.tree, &u.options.Limits)
}

// sum holds the archive to the digests that were expected.
func (u *unpacker) sum() error {
	i := &u.info
	i.Format, i.BlobBytes, i.StreamBytes = u.src.format, u.src.came.n.Load(), u.src.read
	i.Entries += i.Implied
	i.Blob, i.DiffID = u.src.sums()
	if err := matches("the archive as it came", u.options.Blob, i.Blob); err != nil && !u.options.confined {
		return err
	}
	if u.options.confined && i.Format == Tar {
		return nil // its sum is whose who sums it up
	}
	return matches("the archive", u.options.DiffID, i.DiffID)
}

// matches holds a digest to the one that was expected, if one was.
func matches(what string, want, got digest.Digest) error {
	if want.IsZero() || want == got {
		return nil
	}
	return &Error{Op: unpacking, Object: what, Err: ErrDigest, Hint: "it is " + got.String() + ", and " + want.String() + " was expected"}
}

func (u *unpacker) entries() error {
	archive := tar.NewReader(u.rec)
	for n := int64(0); ; n++ {
		u.rec.header = 0
		h, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			return u.ended()
		case err != nil && !errors.Is(err, tar.ErrInsecurePath): // which a path is, is told below
			return headerFault(err)
		}
		u.at = h.Name
		if n == u.options.Limits.Entries {
			return ErrTooMany
		}
		e, err := u.options.Limits.read(h)
		if err == nil {
			err = u.make(e, archive)
		}
		if err != nil {
			return err
		}
	}
}

// ended tells an archive's end from that of its bytes: archive/tar takes both.
func (u *unpacker) ended() error {
	if u.rec.zeros < 2*block && u.options.DiffID.IsZero() && u.options.Blob.IsZero() {
		return ErrTruncated // it may have been cut off between two entries, and no digest tells
	}
	return nil
}

// headerFault names what archive/tar found.
func headerFault(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return caused{ErrTruncated, err}
	case errors.Is(err, tar.ErrHeader), errors.Is(err, tar.ErrFieldTooLong):
		return caused{ErrHeader, err}
	}
	return err
}
