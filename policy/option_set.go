package policy

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jailrun/jail/internal/size"
)

func setNet(p *Policy, arg string) error     { return setEnum(&p.Net, arg, nets[:]) }
func setView(p *Policy, arg string) error    { return setEnum(&p.View, arg, views[:]) }
func setDenials(p *Policy, arg string) error { return setEnum(&p.Denials, arg, denials[:]) }
func setProfile(p *Policy, arg string) error { return setEnum(&p.Profile, arg, profiles[:]) }
func setVerify(p *Policy, arg string) error  { return setEnum(&p.Verify, arg, verifies[:]) }
func setRequire(p *Policy, arg string) error { return setLevel(p, arg, Require) }
func setTry(p *Policy, arg string) error     { return setLevel(p, arg, Try) }
func setOff(p *Policy, arg string) error     { return setLevel(p, arg, Off) }
func setChdir(p *Policy, arg string) error   { return setText(&p.Chdir, inside(arg), checkInside) }
func setHostname(p *Policy, arg string) error {
	return setText(&p.Hostname, arg, checkHostname)
}

func setGroup(p *Policy, arg string) error { return setText(&p.Group, arg, checkGroup) }

// setOrAdd sets a limit, or adds to one that is a list.
func setOrAdd(field any, arg string) error {
	switch f := field.(type) {
	case *Sizes:
		more, err := parseSizes(arg)
		add(f, more)
		return err
	case *Counts:
		more, err := parseCounts(arg)
		add(f, more)
		return err
	}
	return set(field, arg)
}

func setText(to *string, arg string, check func(string) error) error {
	if arg == "" {
		return fault("", ErrMissing, "")
	}
	if err := check(arg); err != nil {
		return err
	}
	*to = arg
	return nil
}

// setLevel sets how much a layer is insisted upon. A name that is no layer is
// an unknown value here, not an unknown key.
func setLevel(p *Policy, arg string, v Level) error {
	err := checkLevel(Layer(arg), v)
	if errors.Is(err, ErrUnknownKey) {
		e := placed(err)
		e.Err = ErrUnknown
		return e
	}
	if err == nil {
		p.setLayer(Layer(arg), v)
	}
	return err
}

func setEnv(p *Policy, arg string) error {
	err := checkEnv(arg)
	if err == nil {
		p.Env = append(p.Env, arg)
	}
	return err
}

func setPassEnv(p *Policy, arg string) error {
	err := checkEnvName(arg)
	if err == nil {
		p.PassEnv = append(p.PassEnv, arg)
	}
	return err
}

func setRO(p *Policy, arg string) error { return setShown(p, FileRO, arg) }
func setRW(p *Policy, arg string) error { return setShown(p, FileRW, arg) }

// inside gives the path in the jail that a relative name means: one below /box,
// where the program starts. One that leads up is left for the check to refuse.
func inside(name string) string {
	if filepath.IsLocal(name) {
		return filepath.Join(defaultChdir, name)
	}
	return name
}

// setShown reads PATH or PATH?. An absolute PATH, or one that leads up out of
// the working directory, is shown under its absolute name; any other under
// /box, where the program starts, so that the same relative name means the same
// file inside and outside. "." is /box itself.
func setShown(p *Policy, kind FileKind, arg string) error {
	f := File{Kind: kind}
	name, optional := strings.CutSuffix(arg, "?")
	f.Optional = optional
	if name == "" {
		return fault(arg, ErrValue, "write a path of the host")
	}
	abs, err := absolute(name)
	if err != nil {
		return err
	}
	f.Source, f.Target = abs, abs
	if filepath.IsLocal(name) {
		f.Target = inside(name)
	}
	return showFile(p, f)
}

// absolute gives the path that a name means in the working directory as the
// kernel knows it: $PWD may lead through links, which no source may.
func absolute(name string) (string, error) {
	if filepath.IsAbs(name) {
		return filepath.Clean(name), nil
	}
	dir, err := syscall.Getwd()
	if err != nil {
		return "", &os.PathError{Op: "getwd", Path: name, Err: err}
	}
	return filepath.Join(dir, name), nil
}

// setBind reads SRC:DST, SRC:DST:ro or SRC:DST:rw; SRC? may be absent.
func setBind(p *Policy, arg string) error {
	parts := strings.Split(arg, ":")
	f := File{Kind: FileRW}
	if len(parts) == 3 {
		f.Kind = FileKind(parts[2])
	}
	var source string
	source, f.Optional = strings.CutSuffix(parts[0], "?")
	if len(parts) < 2 || len(parts) > 3 || source == "" || parts[1] == "" || !f.binds() {
		return fault(arg, ErrValue, "write SRC:DST or SRC:DST:ro")
	}
	abs, err := absolute(source)
	if err != nil {
		return err
	}
	f.Source, f.Target = abs, inside(parts[1])
	return showFile(p, f)
}

// setTmpfs reads DIR or DIR:SIZE.
func setTmpfs(p *Policy, arg string) error {
	f := File{Kind: FileTmpfs, Target: inside(arg)}
	if i := strings.LastIndexByte(arg, ':'); i >= 0 {
		n, err := parseSize(arg[i+1:])
		if err != nil {
			return err
		}
		f.Target, f.Size = inside(arg[:i]), size.Bytes(n)
	}
	return showFile(p, f)
}

// setHide reads PATH or PATH?.
func setHide(p *Policy, arg string) error {
	name, optional := strings.CutSuffix(arg, "?")
	return showFile(p, File{Kind: FileHide, Target: inside(name), Optional: optional})
}

// showFile adds f if all of it is right, else tells its first mistake.
func showFile(p *Policy, f File) error {
	var first error
	f.check(func(_ string, err error) {
		if first == nil {
			first = err
		}
	})
	if first == nil {
		p.Files = addFile(p.Files, f)
	}
	return first
}
