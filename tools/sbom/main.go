// Sbom writes the bill of materials of a program, as CycloneDX in JSON, or with
// -check holds one that is there to the program: that it is valid by the
// format's own schema, lists each module that the linker has noted, and is what
// would be written now, byte for byte.
//
//	sbom [-check] -version v1.0.0 PROGRAM FILE
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	check := flag.Bool("check", false, "look at FILE instead of writing it")
	version := flag.String("version", "", "the program's version")
	flag.Parse()
	if flag.NArg() != 2 || *version == "" {
		fmt.Fprintln(os.Stderr, "use: sbom [-check] -version VERSION PROGRAM FILE")
		os.Exit(2)
	}
	if err := run(*check, *version, flag.Arg(0), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(check bool, version, program, file string) error {
	want, err := document(program, version)
	if err != nil {
		return err
	}
	if !check {
		return os.WriteFile(file, want, 0o644)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		err = fmt.Errorf("%s is not of this program: make sbom", file)
	}
	return errors.Join(err, valid(got), complete(got, program))
}
