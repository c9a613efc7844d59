package layer

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// header has what a file's status determines.
func (p *packer) header(name string, st *unix.Stat_t) (*tar.Header, error) {
	uid, gid := int(st.Uid), int(st.Gid)
	if p.options.Owner != nil {
		var err error
		if uid, gid, err = p.options.Owner(st.Uid, st.Gid); err != nil {
			return nil, err
		}
	}
	return &tar.Header{
		Name: name, Uid: uid, Gid: gid, Mode: int64(st.Mode & (permissions | stickyAndID)), ModTime: modTime(st), Format: tar.FormatPAX,
	}, nil
}

// modTime brings a time that only some file systems can hold to the nearest that
// each can.
func modTime(st *unix.Stat_t) time.Time {
	switch {
	case st.Mtim.Sec < firstTime:
		return time.Unix(firstTime, 0)
	case st.Mtim.Sec > lastTime:
		return time.Unix(lastTime, 0)
	}
	return time.Unix(st.Mtim.Unix())
}

// whiteout is an entry that has nothing but its name.
func (p *packer) whiteout(path string) *tar.Header {
	p.info.Whiteouts++
	return &tar.Header{Typeflag: tar.TypeReg, Name: path, Mode: 0o600, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
}

func (p *packer) symlink(in int, name, path string, st *unix.Stat_t) error {
	h, err := p.header(path, st)
	if err != nil {
		return err
	}
	buf := make([]byte, mostTarget+1)
	n, err := unix.Readlinkat(in, name, buf)
	if err != nil {
		return changed(err)
	}
	h.Typeflag, h.Linkname = tar.TypeSymlink, string(buf[:n])
	if first, is := p.another(path, st); is {
		h.Typeflag, h.Linkname = tar.TypeLink, first
	}
	return p.write(h)
}

// file writes a regular file: the one that was looked at, and as it was then.
func (p *packer) file(in int, name, path string, st *unix.Stat_t) error {
	h, err := p.header(path, st)
	if err != nil {
		return err
	}
	if first, is := p.another(path, st); is {
		h.Typeflag, h.Linkname = tar.TypeLink, first
		return p.write(h)
	}
	f, err := p.open(in, name)
	if err != nil {
		return changed(err)
	}
	defer f.Close()
	if err := isStill(f.File, st); err != nil {
		return err
	}
	h.Typeflag, h.Size = tar.TypeReg, st.Size
	if _, err := p.attributes(int(f.Fd()), h); err != nil {
		return err
	}
	if err := p.write(h); err != nil {
		return err
	}
	p.info.Bytes += h.Size
	return p.contents(f.File, st)
}

// open follows no link, and waits for no FIFO.
func (p *packer) open(in int, name string) (*safepath.Opened, error) {
	if p.options.Owned != "" {
		return safepath.OpenFile(in, name)
	}
	fd, err := unix.Openat(in, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return &safepath.Opened{File: os.NewFile(uintptr(fd), name)}, nil
}

func (p *packer) contents(f *os.File, st *unix.Stat_t) error {
	n, err := io.CopyBuffer(onlyWriter{p.tar}, onlyReader{io.LimitReader(f, st.Size)}, p.buf)
	if err != nil {
		return err
	}
	if n < st.Size {
		return ErrChanged
	}
	if err := p.ctx.Err(); err != nil {
		return err
	}
	return isStill(f, st)
}

// isStill says whether a file is the one that was looked at, and holds what it did then.
func isStill(f *os.File, was *unix.Stat_t) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	if st.Ino != was.Ino || st.Dev != was.Dev || (st.Mode^was.Mode)&unix.S_IFMT != 0 || st.Size != was.Size || st.Mtim != was.Mtim {
		return ErrChanged
	}
	return nil
}

// another gives the name that a file has in the archive already. Names beyond some
// megabytes would be a program's way to fill its host's memory.
func (p *packer) another(path string, st *unix.Stat_t) (string, bool) {
	const most = 16 << 20
	if st.Nlink < 2 {
		return "", false
	}
	key := inode{st.Dev, st.Ino}
	if first, has := p.links[key]; has {
		return first, true
	}
	if p.linked += len(path) + 64; p.linked <= most {
		p.links[key] = path
	}
	return "", false
}

// attributes adds those that are kept to a header, and says whether a folder is opaque.
func (p *packer) attributes(fd int, h *tar.Header) (opaque bool, err error) {
	names, err := attributes(fd)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		value, err := attribute(fd, name)
		if errors.Is(err, unix.ENODATA) || errors.Is(err, unix.EPERM) {
			continue // another's, or gone
		}
		if err != nil {
			return false, err
		}
		own, is := overlayName(name)
		switch {
		case is && p.options.Upper:
			if own == "redirect" || own == "metacopy" || own == "opaque" && value != "y" {
				return false, &Error{Op: packing, Object: p.at, Err: ErrAttribute, Hint: "mount the overlay without redirect_dir, metacopy and nesting: " + name + " can't be told by an archive"}
			}
			opaque = opaque || own == "opaque"
		case is, !strings.HasPrefix(name, userSpace) && name != "security.capability":
		case strings.Contains(name, "="):
			return false, &Error{Op: packing, Object: p.at, Err: ErrName, Hint: "its attribute " + printable(name) + " can't be named in an archive: remove it"}
		default:
			if h.PAXRecords == nil {
				h.PAXRecords = map[string]string{}
			}
			h.PAXRecords[xattrRecord+name] = value
		}
	}
	return opaque, nil
}

// overlayName tells the attributes of overlayfs itself, in either of its spaces.
func overlayName(name string) (string, bool) {
	for _, space := range [...]string{overlaySpace, "trusted.overlay."} {
		if own, is := strings.CutPrefix(name, space); is {
			return own, true
		}
	}
	return "", false
}

// changed says of a file that is not what it was that it was replaced.
func changed(err error) error {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.EINVAL) {
		return ErrChanged
	}
	return err
}
