package main

import (
	"errors"
	"os"

	"github.com/jailrun/jail/rootfs/store"
)

var (
	errNotWhole    = errors.New("it is not whole any more")
	errNotVerified = errors.New("it could not be read to its end")
)

// verifyByJaild has an image read whole: once after the host has gone down before it was
// known to be on the disk, and as long as it is damaged.
func verifyByJaild(i *store.Image) error {
	path := findJaild()
	if path == "" {
		return &failure{op: "verify the image", object: i.ID.String(), err: errNoJaild, hint: "put jaild beside jail"}
	}
	say("the image was not known to be on the disk when the host went down, or was found damaged: it is verified")
	p, err := os.StartProcess(path, []string{jaildName, "image", "verify", i.ID.String()}, &os.ProcAttr{Env: os.Environ(), Files: []*os.File{nil, nil, os.Stderr}})
	if err != nil {
		return &failure{op: "start", object: path, err: err}
	}
	st, err := p.Wait()
	switch {
	case err != nil:
		return &failure{op: "wait for", object: path, err: err}
	case st.Success():
		return nil
	case st.ExitCode() == 1: // jail image verify has found something
		return &failure{op: "verify the image", object: i.ID.String(), err: errNotWhole, hint: "import it again"}
	}
	return &failure{op: "verify the image", object: i.ID.String(), err: errNotVerified, hint: "jail image verify says why"}
}
