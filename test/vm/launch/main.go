// Launch is run in a guest, beside a static jail: it runs itself in jails, and
// holds what came of it to what it must be. It needs neither a shell nor a C
// library, so it is what is tried first on a new architecture.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

func main() {
	if len(os.Args) == 2 {
		os.Exit(parts[os.Args[1]]())
	}
	if err := launch(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func launch() error {
	g, err := delegated()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "launch-")
	if err != nil {
		return err
	}
	return errors.Join(host{dir, g}.check(), os.RemoveAll(dir))
}

// parts are what this program plays in jails.
var parts = map[string]func() int{"inside": inside, born: func() int { return 0 }}

func (h host) check() error {
	fmt.Println("jail on", runtime.GOARCH, "as uid", os.Getuid())
	var errs []error
	for _, c := range []struct {
		name    string
		applies bool
		run     func() error
	}{
		{"outside nothing is refused", true, h.outside},
		{"a program runs, and every layer is read back", true, h.enforced},
		{"a program of another architecture is ended", runtime.GOARCH == "arm64", h.foreign},
		{"a suspicious call is refused and told", true, h.told},
		{"a program that is not there is 127", true, h.missing},
		{"the runtime's monitor thread is calmed", os.Getuid() == 0, h.monitor},
		{"doctor finds nothing amiss", true, h.doctor},
	} {
		if !c.applies {
			continue
		}
		err := c.run()
		fmt.Printf("%-5s %s\n", word(err), c.name)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
		}
	}
	return errors.Join(errs...)
}

func word(err error) string {
	if err != nil {
		return "FAIL"
	}
	return "ok"
}
