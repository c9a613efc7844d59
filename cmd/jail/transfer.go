package main

import (
	"cmp"
	"errors"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jailrun/jail/internal/escape"
	"github.com/jailrun/jail/internal/hint"
	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs/exchange"
	"golang.org/x/sys/unix"
)

// transfer is one --in or --out: from where to where.
type transfer struct{ from, to string }

var errNoSource = errors.New("it names nothing to copy")

// readTransfer reads FROM or FROM:TO; example is such a one.
func readTransfer(flag, v, example string) (transfer, error) {
	from, to, _ := strings.Cut(v, ":")
	if from == "" {
		return transfer{}, &failure{op: "--" + flag, object: v, err: errNoSource, hint: "for example --" + flag + " " + example}
	}
	return transfer{from, cmp.Or(to, "./")}, nil
}

func addIn(r *request, v string) error {
	t, err := readTransfer("in", v, "data:input")
	r.ins = append(r.ins, t)
	return err
}

func addOut(r *request, v string) error {
	t, err := readTransfer("out", v, "result.json")
	r.outs = append(r.outs, t)
	return err
}

func setOutLimit(r *request, v string) (err error) {
	if v == "unlimited" {
		r.outLimit = math.MaxInt64
		return nil
	}
	r.outLimit, err = size.Parse(v)
	if err != nil {
		return &failure{op: "--out-limit", object: v, err: err, hint: "for example --out-limit 64M"}
	}
	return nil
}

// defaultOut is what an --out may copy where nothing else was said.
const defaultOut = 256 * size.MiB

// transfers adds what is to be copied to a command.
func (r *request) transfers(p *policy.Policy, cmd *isolate.Cmd) error {
	for _, t := range r.ins {
		cmd.CopyIns = append(cmd.CopyIns, isolate.CopyIn{From: exchange.FromPath(t.from, exchange.SourceOptions{}), To: t.to, Options: exchange.InOptions{Limits: exchange.Limits{Bytes: room(p)}}})
	}
	limit := r.outLimit
	if limit == 0 {
		limit = defaultOut
	}
	for _, t := range r.outs {
		to, err := hostPlace(t)
		if err != nil {
			return err
		}
		cmd.CopyOuts = append(cmd.CopyOuts, isolate.CopyOut{From: t.from, To: to, Options: exchange.OutOptions{Limits: exchange.Limits{Bytes: limit, Cut: true}}})
	}
	return nil
}

// room is what can be copied into a jail.
func room(p *policy.Policy) size.Bytes {
	const unbounded = 1 << 50
	switch d := p.Limits.Disk; {
	case d > 0:
		return d
	case d == policy.Unlimited:
		return unbounded
	}
	return 0 // the default of both
}

// tellCopied says which files were not copied wholly.
func tellCopied(res *result.Result) {
	for i := range res.Copied {
		c := &res.Copied[i]
		flag := "--out " + escape.All(c.Path)
		if c.Direction == result.CopiedIn {
			flag = "--in " + escape.All(c.Source)
		}
		switch {
		case c.Truncated:
			say(flag + " was cut off after " + size.Bytes(c.Bytes).Words() + "; --out-limit sets how much may be copied")
		case c.Skipped > 0:
			say(flag + ": " + itoa(c.Skipped) + " links or special files were left out")
		}
	}
}

// hostPlace is where an --out goes: into a folder that is there, or ends in a slash,
// or is to take all that a pattern matches; else to the very path.
func hostPlace(t transfer) (exchange.Sink, error) {
	abs, err := filepath.Abs(t.to)
	if err != nil {
		return nil, err
	}
	o := exchange.HostOptions{Replace: true}
	info, err := os.Stat(abs)
	switch {
	case err == nil && info.IsDir():
		return exchange.ToFolder(abs, o), nil
	case err == nil && strings.HasSuffix(t.to, "/"):
		return nil, &failure{op: "--out", object: t.to, err: unix.ENOTDIR, hint: "name a folder, or the file without the slash"}
	case strings.HasSuffix(t.to, "/") || strings.ContainsAny(path.Base(t.from), "*?["):
		if err := makeFolder(abs); err != nil {
			return nil, &failure{op: "--out", object: t.to, err: err, hint: "make the folder first"}
		}
		return exchange.ToFolder(abs, o), nil
	}
	if info, err := os.Stat(filepath.Dir(abs)); err != nil || !info.IsDir() {
		return nil, &failure{op: "--out", object: t.to, err: cmp.Or(hint.Cause(err), error(unix.ENOTDIR)), hint: "make the folder " + escape.All(filepath.Dir(t.to)) + " first"}
	}
	return exchange.ToPath(abs, o), nil
}

// makeFolder makes a folder, and follows no link on the way that a stranger could have
// made.
func makeFolder(abs string) error {
	parent, err := safepath.Find(filepath.Dir(abs), nil)
	if err != nil {
		return err
	}
	defer parent.Close()
	return unix.Mkdirat(int(parent.Fd()), filepath.Base(abs), 0o755)
}

// moves says whether a file of the working directory is the program's own to have, by --in,
// or to make, by --out: it is not shown read-only then.
func (r *request) moves(file string) bool {
	of := func(t transfer) bool { from := path.Clean(t.from); return from == "." || within(file, from) }
	return slices.ContainsFunc(r.ins, of) || slices.ContainsFunc(r.outs, of)
}
