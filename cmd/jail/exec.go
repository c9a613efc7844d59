package main

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/confine"
	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/judge/meter"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// execCommand is "jail exec".
func execCommand(r *request) int {
	calmSysmon()
	p, err := r.merged()
	switch {
	case r.resolved && err == nil:
		return printResolved(p)
	case r.resolved:
		complain(err)
		return result.StatusFailed
	}
	s, e := openResult(r)
	switch {
	case err != nil:
		return s.fail("read the policy", err)
	case e != nil:
		return s.fail("open the result", e)
	}
	return execute(r, p, s)
}

// merged lays the flags over the policy files.
func (r *request) merged() (*policy.Policy, error) {
	p := &policy.Policy{}
	for _, name := range r.files {
		over, err := policy.Load(name)
		if err != nil {
			return nil, err
		}
		p = policy.Merge(p, over)
	}
	p = policy.Merge(p, &r.policy)
	return p, p.Validate()
}

func printResolved(p *policy.Policy) int {
	facts, err := host.Probe()
	if err == nil {
		err = p.Resolve(policy.Caller{Root: facts.Root}).WriteResolved(os.Stdout)
	}
	if err != nil {
		complain(err)
		return result.StatusFailed
	}
	return 0
}

// execute runs the program of a request.
func execute(r *request, p *policy.Policy, s *streams) int {
	if err := r.ownProgram(p); err != nil {
		return s.fail("find the image's program", err)
	}
	if err := checkProgram(r.argv); err != nil {
		status := s.fail("find the program", err)
		if errors.Is(err, errNoProgram) {
			usage(findCommand("exec"))
		}
		return status
	}
	seen, err := show(r.argv, p, r.moves)
	if err != nil {
		return s.fail("show files", err)
	}
	if err := s.open(r); err != nil {
		return s.fail("open the streams", err)
	}
	a, err := r.openAudit(p)
	if err != nil {
		return s.fail("open the audit log", err)
	}
	m, err := r.begin(p)
	if err != nil {
		_ = a.close() // it has nothing to say yet
	}
	if errors.Is(err, meter.ErrSpent) {
		return s.fail("spend the budget", err)
	}
	if err != nil {
		return s.fail("meter the run", err)
	}
	return launch(r, p, seen, s, m, a)
}

// checkProgram tells what can be told of a program without a launch.
func checkProgram(argv []string) error {
	if len(argv) == 0 || argv[0] == "" {
		return &failure{op: "exec", err: errNoProgram, hint: "for example jail exec -- python3 prog.py"}
	}
	if !strings.Contains(argv[0], "/") && argv[0] != "." && argv[0] != ".." {
		return nil
	}
	st, err := os.Stat(argv[0])
	switch {
	case err != nil:
	case st.IsDir():
		return &failure{op: "execute", object: argv[0], err: errDirectory, hint: "name a program in it"}
	case st.Mode().IsRegular() && st.Mode()&0o111 == 0 && filepath.IsLocal(argv[0]):
		return &failure{op: "execute", object: argv[0], err: errNotExecutable, hint: executableHint(argv[0])}
	}
	return nil
}

// executableHint knows that a script needs no permission to be read.
func executableHint(name string) string {
	by := map[string]string{".py": "python3", ".js": "node", ".sh": "sh", ".rb": "ruby", ".pl": "perl"}[path.Ext(name)]
	if by != "" {
		return "run it by its interpreter (jail exec -- " + by + " " + name + "), or chmod +x " + name
	}
	return "chmod +x " + name
}

func launch(r *request, p *policy.Policy, seen *shown, s *streams, m *meter.Run, a auditing) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cmd := isolate.CommandContext(ctx, p, seen.argv...)
	cmd.Files = seen.open
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.stdin, s.out(), s.err()
	if onePlace(s.stdout, s.stderr) {
		cmd.Stderr = cmd.Stdout
	}
	if err := r.transfers(p, cmd); err != nil {
		m.Drop()
		return s.fail("copy files", err)
	}
	beside := r.watchFor(seen, s, cmd)
	sigs, err := catch(cancel)
	if err != nil {
		m.Drop()
		return s.fail("catch signals", err)
	}
	cmd.Assure = verifyByJaild
	cmd.Wake, cmd.HoldThread, cmd.MeterIO = sigs.wake(), true, m != nil
	if r.explains {
		cmd.Watch = isolate.WatchExplain
	}
	a.watch(cmd, r)
	cmd.OnStart = func(signal func(os.Signal) error) {
		_ = confine.Self() // where the kernel or a filter around jail won't have it, the jail's own walls are the same
		sigs.forward(signal)
	}
	if !r.quiet {
		cmd.OnWait = sayWhoHolds
	}
	err = cmd.Run()
	sigs.release()
	unmetered := errors.Join(writeDown(m, cmd), a.close())
	status := r.account(m, unmetered, report(r, p, cmd, beside, s, err))
	sigs.dieIfCanceled()
	return status
}

// sayWhoHolds says why nothing happens.
func sayWhoHolds(holders []int) {
	var who []string
	for _, pid := range holders {
		if pid > 0 {
			who = append(who, strconv.Itoa(pid))
		}
	}
	text := "waiting for cores"
	if len(who) > 0 {
		text += " that are leased by process " + strings.Join(who, ", ")
	}
	say(text + "; see --cores in \"jail help exec\"")
}

// watchFor listens to standard error where there may be something to say of it:
// a stream that is a file is relayed without a goroutine.
func (r *request) watchFor(seen *shown, s *streams, cmd *isolate.Cmd) *lookout {
	if r.quiet {
		return nil
	}
	l := seen.watchFor(cmd.Stderr, s.stderr.Fd())
	switch {
	case l == nil:
	case cmd.Stdout == cmd.Stderr: // they stay one, which keeps their order
		cmd.Stdout, cmd.Stderr = &l.said, &l.said
	default:
		cmd.Stderr = &l.said
	}
	return l
}

// notFoundHere betters the hint for a program named by a path that leads out of
// the working directory, which is never shown unasked.
func notFoundHere(prog string, err error) error {
	var xe *isolate.ExecError
	if !errors.As(err, &xe) || xe.Err != unix.ENOENT || filepath.IsAbs(prog) || !strings.Contains(prog, "/") {
		return err
	}
	abs, e := filepath.Abs(prog)
	if e != nil {
		return err
	}
	better := &isolate.ExecError{Program: prog, Err: xe.Err, Hint: "no such file in the working directory"}
	if _, e := os.Stat(prog); e == nil {
		better.Hint = "it is on the host but not shown: only plain files of the working directory are, no links; show its folder with --ro " + isolate.Installation(abs) + " and name it " + abs
	}
	return better
}
