package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// A use is a module with the folder whose go.mod asks for it.
type use struct {
	Path, Version, Dir string
	by                 string
}

// linked are the modules of which a program has code.
func linked(program string) ([]use, error) {
	out, err := output(".", "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "./cmd/"+program)
	if err != nil {
		return nil, err
	}
	paths := strings.Fields(string(out))
	slices.Sort(paths)
	return find(".", slices.Compact(paths))
}

// required are the modules that any go.mod of the project names.
func required() ([]use, error) {
	out, err := output(".", "git", "ls-files", "-co", "--exclude-standard", "--", "go.mod", "*/go.mod")
	if err != nil {
		return nil, err
	}
	var uses []use
	for file := range strings.FieldsSeq(string(out)) {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		paths, err := requirements(file, text)
		if err != nil {
			return nil, err
		}
		found, err := find(path.Dir(file), paths)
		if err != nil {
			return nil, err
		}
		uses = append(uses, found...)
	}
	return uses, nil
}

func requirements(file string, text []byte) ([]string, error) {
	f, err := modfile.Parse(file, text, nil)
	if err != nil {
		return nil, err
	}
	paths := make([]string, 0, len(f.Require))
	for _, r := range f.Require {
		paths = append(paths, r.Mod.Path)
	}
	return paths, nil
}

// find gives the versions in use, and where their source lies, which is fetched
// if it is missing.
func find(dir string, paths []string) ([]use, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	if _, err := output(dir, "go", "mod", "download"); err != nil {
		return nil, err
	}
	out, err := output(dir, "go", append([]string{"list", "-m", "-json", "--"}, paths...)...)
	if err != nil {
		return nil, err
	}
	uses := make([]use, 0, len(paths))
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		u := use{by: dir}
		if err := d.Decode(&u); errors.Is(err, io.EOF) {
			return uses, nil
		} else if err != nil {
			return nil, err
		}
		uses = append(uses, u)
	}
}

func output(dir, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var says bytes.Buffer
	cmd.Stderr = &says
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s in %s: %w: %s", strings.Join(cmd.Args, " "), dir, err, says.String())
	}
	return out, err
}
