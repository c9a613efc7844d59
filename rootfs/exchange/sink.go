package exchange

import (
	"io"
	"os"
	"path"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// A Sink takes what is copied out.
type Sink interface {
	// receive opens the sink, for one thing or for all that a pattern matches. The
	// name is what the one is called, "" for its own.
	receive(one bool) (r receiver, name string, err error)
}

// HostOptions says how a path of the host's is walked and written.
type HostOptions struct {
	// Replace: a file under the final name is replaced by a rename. Anything else
	// that is there never is.
	Replace bool

	// Follow is asked of each link on the way, if it is not nil. A link that
	// anybody but the caller and root can have made is refused without asking.
	Follow safepath.Follow
}

// ToFolder is a folder of the host, which must exist. Each file gets its name
// when it is whole. A folder in it that another user has left in one like /tmp is
// refused.
func ToFolder(path string, o HostOptions) Sink { return hostFolder{path, "", o} }

// ToPath is one file or folder of the host under this very name, in a folder that
// exists; else it is as ToFolder. A pattern can't be copied to it.
func ToPath(name string, o HostOptions) Sink {
	clean := path.Clean(name)
	return hostFolder{path.Dir(clean), path.Base(clean), o}
}

// ToWriter takes the content of one file. With an error it may have taken a part.
func ToWriter(w io.Writer) Sink { return &stream{to: w} }

// hostFolder is a Sink.
type hostFolder struct {
	path string
	name string // of the one thing that is put there; "": as many as there are
	HostOptions
}

func (h hostFolder) receive(one bool) (receiver, string, error) {
	switch h.name {
	case "/", ".", "..":
		return nil, "", fail(reading, path.Join(h.path, h.name), ErrBadPath)
	}
	if h.name != "" && !one {
		return nil, "", &Error{Op: reading, Object: path.Join(h.path, h.name), Err: ErrNotOne, Hint: "copy what a pattern matches to a folder"}
	}
	top, err := h.open()
	if err != nil {
		return nil, "", err
	}
	return &shelf{top: top, replace: h.Replace, guarded: true}, h.name, nil
}

func (h hostFolder) open() (*os.File, error) {
	f, err := safepath.Find(h.path, h.Follow)
	if err != nil {
		return nil, fail(creating, h.path, err)
	}
	var st unix.Stat_t
	if err = unix.Fstat(int(f.Fd()), &st); err == nil && st.Mode&unix.S_IFMT != unix.S_IFDIR {
		err = unix.ENOTDIR
	}
	if err != nil {
		f.Close()
		return nil, fail(creating, h.path, err)
	}
	return f, nil
}
