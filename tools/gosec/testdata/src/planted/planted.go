// Package planted has what gosec must find, and what it must let pass.
package planted

import (
	"os"
	"os/exec"
)

func found(name string) error {
	if err := os.WriteFile("result", nil, 0o666); err != nil { // want "G306"
		return err
	}
	_, err := os.ReadFile("dir/" + name) // want "G304"
	return err
}

func marked(name string) error {
	if _, err := os.ReadFile(name); err != nil { // #nosec G304 -- the caller names it
		return err
	}
	return exec.Command("sh", "-c", name).Run() /* #nosec */ // want "a mark has the form"
}

func excluded(n uint64) int32 {
	os.Remove("result")
	return int32(n)
}
