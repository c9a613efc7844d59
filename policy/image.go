package policy

import (
	"path"
	"slices"
	"strings"

	"github.com/jailrun/jail/internal/size"
)

// Root is whether a program may change what it sees of the system.
type Root string

// The roots. The zero value means RootWritable with an Image, or with a State that is
// not of a "cow" folder, else RootReadOnly.
const (
	RootReadOnly Root = "read-only"
	RootWritable Root = "writable" // the jail's own copy is changed: the host's files and an image's layers stay as they are
)

// User is who a program is inside.
type User string

// The users. The zero value means UserJail.
const (
	UserJail User = "jail" // uid 1000, without any capability
	UserRoot User = "root" // uid 0 of a user namespace of its own, with Capabilities there and none on the host
)

var (
	roots = [...]Root{RootReadOnly, RootWritable}
	users = [...]User{UserJail, UserRoot}
)

// defaultStateSize is the room of a state that is made, in bytes.
const defaultStateSize = size.GiB

// rootCapabilities are what a program that is root inside may be given: none of
// them reaches beyond files, processes and ports of its own namespaces
// (capabilities(7)), and package managers and services need them. It has all where
// none is named.
var rootCapabilities = [...]string{
	"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID",
}

// resolveImage fills in what a root, a state and a user mean.
func (p *Policy) resolveImage() {
	preset := RootReadOnly
	if p.Image != "" || p.State != "" && !p.Lays() {
		preset = RootWritable
	}
	orDefault(&p.Root, preset)
	orDefault(&p.User, UserJail)
	if p.State != "" {
		orDefault(&p.StateSize, defaultStateSize)
	}
	p.Capabilities = slices.Compact(slices.Sorted(slices.Values(p.Capabilities)))
	if p.User == UserRoot && len(p.Capabilities) == 0 {
		p.Capabilities = slices.Clone(rootCapabilities[:])
	}
}

// ProgramID is the uid, and the gid, that a program has inside a user namespace of its
// own.
func (p *Policy) ProgramID() int {
	const ordinary = 1000
	if p.User == UserRoot {
		return 0
	}
	return ordinary
}

// Lays says whether a folder is laid out to be changed: a state is of that then, unless
// the root is to be written to as well.
func (p *Policy) Lays() bool {
	return slices.ContainsFunc(p.Files, func(f File) bool { return f.Kind == FileCOW })
}

// images reports the mistakes of all that an image brings.
func (v *findings) images(p *Policy) {
	v.say("image", checkImage(p.Image))
	v.say("state", checkState(p.State))
	v.say("state_size", checkStateSize(p))
	v.say("root", oneOf(p.Root, roots[:]))
	v.say("user", oneOf(p.User, users[:]))
	v.each("capabilities", p.Capabilities, checkCapability)
	if p.State != "" && p.Root == RootReadOnly && !p.Lays() {
		v.say("root", fault(string(p.Root), ErrContradiction, "a state keeps what is changed: leave one of the two out"))
	}
	if p.Image != "" && p.View == ViewNone {
		v.say("view", fault(string(p.View), ErrContradiction, "an image is all that is seen: leave view out"))
	}
}

func checkStateSize(p *Policy) error {
	const least = 16 * size.MiB // of a file system of 8M half would be its journal, which mke2fs(8) refuses
	switch {
	case p.StateSize == 0:
		return nil
	case p.StateSize < least:
		return fault(p.StateSize.String(), ErrValue, "write 16M or more")
	}
	return nil
}

// checkImage wants the name of an image as a registry has it, with a tag or a digest,
// or the digest alone. Whether there is one is for the store to say.
func checkImage(s string) error {
	switch {
	case s == "":
		return nil
	case len(s) > 512, strings.IndexFunc(s, notInImage) >= 0, path.Clean(s) != s, s[0] == '/', s[0] == '-', s[0] == '.':
		return fault(s, ErrValue, "write the name of an image, as debian:12 or registry.example/team/app@sha256:…")
	}
	return nil
}

func notInImage(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-/:@", r))
}

// checkState wants a label, since the state is a folder of that name.
func checkState(s string) error {
	if s == "" || len(s) <= 64 && isLabel(strings.NewReplacer(".", "-", "_", "-").Replace(s)) {
		return nil
	}
	return fault(s, ErrValue, "write letters, digits and inner hyphens, dots and underscores, at most 64, as build-1")
}

func checkCapability(s string) error {
	if slices.Contains(rootCapabilities[:], s) {
		return nil
	}
	return fault(s, ErrUnknown, "use "+orList(rootCapabilities[:])+": no other can be had inside a jail")
}

func setImage(p *Policy, arg string) error { return setText(&p.Image, arg, checkImage) }
func setState(p *Policy, arg string) error { return setText(&p.State, arg, checkState) }
func setUser(p *Policy, arg string) error  { return setEnum(&p.User, arg, users[:]) }

func setWritableRoot(p *Policy, _ string) error {
	p.Root = RootWritable
	return nil
}

func setStateSize(p *Policy, arg string) error { return assign(&p.StateSize, arg, parseSize) }

// setCapability reads a name with or without the kernel's prefix.
func setCapability(p *Policy, arg string) error {
	name := strings.TrimPrefix(strings.ToUpper(arg), "CAP_")
	err := checkCapability(name)
	if err == nil {
		p.Capabilities = append(p.Capabilities, name)
	}
	return err
}

// setCOW reads DIR or DIR:INSIDE.
func setCOW(p *Policy, arg string) error {
	source, target, _ := strings.Cut(arg, ":")
	if err := setShown(&Policy{}, FileRO, source); err != nil {
		return err
	}
	abs, err := absolute(source)
	if err != nil {
		return err
	}
	f := File{Kind: FileCOW, Source: abs, Target: abs}
	switch {
	case target != "":
		f.Target = inside(target)
	case source != abs && inside(source) != source:
		f.Target = inside(source)
	}
	return showFile(p, f)
}
