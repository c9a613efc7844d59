package exchange

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/jailrun/jail/internal/sparse"
	"golang.org/x/sys/unix"
)

// ranges copies a file's data and keeps its holes.
type ranges struct {
	*content
	to    *os.File
	means Means
}

// longest bounds what is copied between two looks at the context.
const longest = 1 << 20

// copy goes from data to data. Each turn gets on or ends, whatever the program
// writes or punches meanwhile.
func (r *ranges) copy(ctx context.Context) error {
	for r.read < r.bound {
		if err := ctx.Err(); err != nil {
			return err
		}
		end, err := r.next()
		if err != nil {
			return err
		}
		if end <= r.read {
			return r.finish()
		}
		n, err := r.piece(end - r.read)
		if err != nil {
			return err
		}
		if n == 0 {
			return r.finish()
		}
		r.read += n
	}
	return r.finish()
}

// next goes to the next data, and says where it ends; if there is none, it goes
// to the end of the file.
func (r *ranges) next() (end int64, err error) {
	data, hole, more := sparse.Next(r.file, r.read)
	if !more {
		var st unix.Stat_t
		err = unix.Fstat(int(r.file.Fd()), &st)
		r.read = min(max(r.read, st.Size), r.bound)
		return r.read, wrapRead(err)
	}
	r.read = min(data, r.bound)
	return min(hole, r.read+longest, r.bound), nil
}

// piece copies at most n bytes from where the copy is. Where the kernel can't,
// it reads and writes, which then tells the error of either side.
func (r *ranges) piece(n int64) (int64, error) {
	if r.means == Ranged {
		if done := sparse.InKernel(r.to, r.file, r.read, n); done > 0 {
			return done, nil
		}
		r.means = Copied
	}
	done, err := r.file.ReadAt(r.buffer[:min(n, int64(len(r.buffer)))], r.read)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, &unreadable{err}
	}
	_, err = r.to.WriteAt(r.buffer[:done], r.read)
	return int64(done), err
}

// finish gives the copy its length, and asks whether there was more.
func (r *ranges) finish() error {
	if r.read == r.bound {
		if _, err := r.file.Seek(r.bound, io.SeekStart); err != nil {
			return &unreadable{err}
		}
		if err := r.probe(); err != nil {
			return err
		}
	}
	return r.to.Truncate(r.read)
}

func wrapRead(err error) error {
	if err == nil {
		return nil
	}
	return &unreadable{err}
}
