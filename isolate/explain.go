package isolate

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/cores"
	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// Explain gives the plan that Start would play, and the resolved policy that it
// was made from, and launches nothing. What is made for it (groups, ids) is
// removed again.
//
// An *ExecError says that the program would not be found or executed, as far as
// that can be told from outside; plan and policy are given all the same.
func Explain(c *Cmd) (*plan.Plan, *policy.Policy, error) {
	r := newRun(c)
	r.explains = true
	defer r.release()
	if err := r.lookAround(); err != nil {
		return nil, r.policy, err
	}
	if err := r.wouldPlace(); err != nil {
		return nil, r.policy, err
	}
	in, err := r.input()
	if err != nil {
		return nil, r.policy, err
	}
	p, err := plan.Compile(in)
	if err == nil {
		err = p.Verify()
	}
	if err == nil {
		err = r.lookForProgram(p.Candidates)
	}
	return p, r.policy, err
}

// Holdings lists the files by which this host's groups would hold the limits of a
// resolved policy; none where it has no groups. It looks and makes nothing.
func Holdings(p *policy.Policy) ([]cgroup.Holding, error) {
	m, err := theMachine()
	if err != nil || m.noGrps != nil || p.Layers.Level(policy.LayerCgroup) == policy.Off {
		return nil, err
	}
	spec, err := specOf(&p.Limits)
	if err != nil {
		return nil, err
	}
	if n := p.Limits.Lease(); n > 0 {
		would, err := cores.Would(n)
		if err != nil {
			return nil, err
		}
		spec.Cores = would.String()
	}
	return m.groups.Holdings(&spec), nil
}

// lookForProgram goes through the paths that execve would try. What exists but
// can't be executed counts more than what is not there, execvp(3).
func (r *run) lookForProgram(candidates []string) error {
	prog := r.cmd.Args[0]
	missing := &ExecError{Program: prog, Err: unix.ENOENT}
	for _, at := range candidates {
		if !path.IsAbs(at) {
			at = path.Join(r.policy.Chdir, at)
		}
		switch mode, found := r.modeInside(at); {
		case !found:
		case mode&0o111 != 0:
			return nil
		case missing.Err == unix.ENOENT:
			missing = &ExecError{Program: at, Err: unix.EACCES, Hint: execHint(unix.EACCES)}
		}
	}
	if missing.Err == unix.ENOENT {
		missing.Hint = r.notFoundHint(prog)
	}
	return missing
}

// modeInside gives the mode of what a path leads to in the jail, if anything.
func (r *run) modeInside(at string) (mode uint32, found bool) {
	for i := range r.found.named {
		if n := &r.found.named[i]; at == "/box/"+n.Name {
			return n.Mode, true
		}
	}
	if !r.facts.Has(policy.LayerRootfs) {
		return modeOf(at) // the host's own files
	}
	if f := r.over(at); f != nil {
		if f.Kind != policy.FileRO && f.Kind != policy.FileRW {
			return 0, false
		}
		return modeOf(f.Source + strings.TrimPrefix(at, f.Target))
	}
	if r.layers.stack != nil {
		st, err := r.layers.stack.Stat(at)
		return st.Mode & 0o7777, err == nil
	}
	if real, err := filepath.EvalSymlinks(at); err != nil || !r.shows(real) {
		return 0, false
	}
	return modeOf(at)
}

func modeOf(at string) (mode uint32, found bool) {
	st, err := os.Stat(at)
	if err != nil {
		return 0, false
	}
	return uint32(st.Mode().Perm()), true
}
