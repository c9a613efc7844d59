package layer

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs"
	"github.com/jailrun/jail/rootfs/digest"
	"golang.org/x/sys/unix"
)

const packing = "pack"

// PackOptions say what a folder is, and how its files are named in the archive.
type PackOptions struct {
	// Upper takes the folder for the upper one of an overlay: its whiteouts and opaque
	// folders become those of an archive. Otherwise they are devices and attributes
	// like others, and are left out.
	Upper bool
	// Owned names a folder in dir that is packed instead: the caller's own, in which
	// programs were at work. What they have closed to their owner, it too, is opened as
	// long as it is read, and has its own mode in the archive.
	Owned string
	// Owner says who a file belongs to in the archive; nil: who it belongs to on the
	// disk.
	Owner func(uid, gid uint32) (int, int, error)
	// Except says what to leave out, with all that is below it: a path like
	// "var/cache". nil leaves out nothing.
	Except func(path string) bool
	// Limits bound the archive; Ratio, Slack and Header mean nothing here.
	Limits Limits
}

// Pack writes the folder dir as the archive of a layer, uncompressed: with the names in
// byte order, headers that only what is in the folder determines, and PAX records
// where they are needed. Nothing in the folder is followed or waited for, whoever has
// written it; a file that is changed meanwhile is an error. Of what is mounted in it
// there is the folder alone. Devices, FIFOs and sockets
// are left out and counted, and of the attributes all but those of the users' space
// and security.capability. Holes are written as zeros, of which Unpack makes holes.
// The error is an *Error.
func Pack(ctx context.Context, w io.Writer, dir *os.File, o PackOptions) (Info, error) {
	o.Limits = o.Limits.orDefaults()
	sum := sha256.New()
	out := &counting{w: io.MultiWriter(w, sum), most: o.Limits.Bytes}
	p := &packer{ctx: ctx, options: &o, out: out, tar: tar.NewWriter(out), links: map[inode]string{}, buf: make([]byte, pieceSize)}
	err := p.top(dir)
	if err == nil {
		err = p.tar.Close()
	}
	if err != nil {
		return Info{}, refuse(packing, p.at, err)
	}
	p.info.Format, p.info.BlobBytes, p.info.StreamBytes = Tar, out.n, out.n
	p.info.DiffID = digest.Digest(sum.Sum(nil))
	p.info.Blob = p.info.DiffID
	return p.info, nil
}

type packer struct {
	ctx     context.Context
	options *PackOptions
	out     *counting
	tar     *tar.Writer
	dev     uint64           // of the folder
	links   map[inode]string // the first name of each file that has more
	linked  int              // bytes of these names
	info    Info
	buf     []byte
	at      string
}

type inode struct{ dev, ino uint64 }

func (p *packer) top(dir *os.File) error {
	if name := p.options.Owned; name != "" {
		var st unix.Stat_t
		if err := unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return missing(err)
		}
		p.dev = st.Dev
		return p.below(dir, name, "", &st, 0)
	}
	f, err := safepath.Beneath(int(dir.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	p.dev = st.Dev
	return p.folder(f, "", &st, 0)
}

// folder writes a folder's own entry, and then what is in it.
func (p *packer) folder(f *os.File, path string, st *unix.Stat_t, depth int) error {
	p.at = path
	if depth > p.options.Limits.Depth {
		return ErrTooDeep
	}
	if err := p.head(int(f.Fd()), "./", path+"/", st); err != nil || st.Dev != p.dev {
		return err
	}
	names, err := p.names(f)
	if err != nil {
		return err
	}
	for _, name := range names {
		at := strings.TrimPrefix(path+"/"+name, "/")
		if p.options.Except != nil && p.options.Except(at) {
			continue
		}
		p.at = at
		if err := p.entry(f, name, at, depth); err != nil {
			return err
		}
	}
	return p.ctx.Err()
}

// head writes a folder's entry; that of the root has a name of its own.
func (p *packer) head(fd int, root, name string, st *unix.Stat_t) error {
	if name == "/" {
		name = root
	}
	h, err := p.header(name, st)
	if err != nil {
		return err
	}
	h.Typeflag = tar.TypeDir
	opaque, err := p.attributes(fd, h)
	if err != nil {
		return err
	}
	if err := p.write(h); err != nil || !opaque {
		return err
	}
	return p.write(p.whiteout(strings.TrimPrefix(name, "./") + opaqueName))
}

// names lists a folder, in byte order. A program may have made more than anybody has
// memory for.
func (p *packer) names(f *os.File) (all []string, err error) {
	const most = 64 << 20
	bytes := 0
	err = rootfs.Names(f, func(n string) error {
		bytes += len(n)
		all = append(all, n)
		if bytes > most || int64(len(all)) > p.options.Limits.Entries {
			return ErrTooMany
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(all)
	return all, nil
}

// entry writes what name stands for.
func (p *packer) entry(in *os.File, name, path string, depth int) error {
	if strings.HasPrefix(name, whiteoutPrefix) {
		return ErrReserved
	}
	if len(path) > mostPath {
		return ErrName
	}
	var st unix.Stat_t
	if err := unix.Fstatat(int(in.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return missing(err)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return p.below(in, name, path, &st, depth+1)
	case unix.S_IFREG:
		return p.file(int(in.Fd()), name, path, &st)
	case unix.S_IFLNK:
		return p.symlink(int(in.Fd()), name, path, &st)
	case unix.S_IFCHR:
		if p.options.Upper && st.Rdev == 0 {
			parent, _ := safepath.CutLast(path)
			return p.write(p.whiteout(strings.TrimPrefix(parent+"/"+whiteoutPrefix+name, "/")))
		}
	}
	p.info.LeftOut++
	return nil
}

// below goes into a folder that was looked at, if it is still that one.
func (p *packer) below(in *os.File, name, path string, was *unix.Stat_t, depth int) error {
	f, err := p.openFolder(int(in.Fd()), name)
	if err != nil {
		return err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	if st.Ino != was.Ino || st.Dev != was.Dev {
		return ErrChanged
	}
	return p.folder(f.File, path, was, depth)
}

func (p *packer) openFolder(in int, name string) (*safepath.Opened, error) {
	if p.options.Owned != "" {
		f, err := safepath.OpenFolder(in, name, 0o500)
		return f, changed(err)
	}
	f, err := safepath.Beneath(in, name, unix.O_RDONLY|unix.O_DIRECTORY)
	return &safepath.Opened{File: f}, err
}

// write writes a header, and counts it.
func (p *packer) write(h *tar.Header) error {
	if p.info.Entries++; p.info.Entries > p.options.Limits.Entries {
		return ErrTooMany
	}
	return p.tar.WriteHeader(h)
}

// counting bounds what is written.
type counting struct {
	w    io.Writer
	n    int64
	most int64
}

func (c *counting) Write(b []byte) (int, error) {
	if c.n += int64(len(b)); c.n > c.most {
		return 0, ErrTooLarge
	}
	return c.w.Write(b)
}
