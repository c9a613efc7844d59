package audit

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// WriteKey makes a key pair, and writes the private one to a file with mode 0600,
// and the public one to that file's name with .pub. Both must be new, so that no
// key is lost, and none is written where a link leads.
func WriteKey(name, file string) error {
	private, public, err := GenerateKey(name)
	if err != nil {
		return err
	}
	if err := writeNew(file+".pub", public+"\n", 0o644); err != nil {
		return err
	}
	if err := writeNew(file, private+"\n", 0o600); err != nil {
		_ = os.Remove(file + ".pub") // the first error is the one that is told
		return err
	}
	return nil
}

func writeNew(file, text string, mode os.FileMode) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode) // #nosec G304 -- the caller names its key, and nothing that is there is opened
	if errors.Is(err, unix.EEXIST) {
		return &Error{Op: "make", Object: file, Err: ErrExists, Hint: "name another file: a key that is written over is lost"}
	}
	if err != nil {
		return failed("make", file, err)
	}
	_, err = f.WriteString(text)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = os.Remove(file) // half a key is none
	}
	return failed("write", file, err)
}
