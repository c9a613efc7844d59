// Thirdparty holds THIRD-PARTY.md to what is linked into bin/jail and bin/jaild, and
// to every go.mod: run in the project's folder it fails on a module that is not listed
// or whose licence can't go with jail's own. With -update it writes the page.
package main

import (
	"flag"
	"fmt"
	"os"
)

const file = "THIRD-PARTY.md"

func main() {
	update := flag.Bool("update", false, "write "+file+" anew")
	flag.Parse()
	if err := run(*update); err != nil {
		fmt.Fprintln(os.Stderr, "thirdparty:", err)
		os.Exit(1)
	}
}

func run(update bool) error {
	jail, err := linked("jail")
	if err != nil {
		return err
	}
	jaild, err := linked("jaild")
	if err != nil {
		return err
	}
	required, err := required()
	if err != nil {
		return err
	}
	want, err := page(jail, jaild, required)
	if err != nil {
		return err
	}
	if update {
		return os.WriteFile(file, []byte(want), 0o644)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if string(got) != want {
		return fmt.Errorf("%s does not list what is used: make third-party, and look at what that changes", file)
	}
	return nil
}
