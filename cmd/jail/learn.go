package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/jailrun/jail/audit"
	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/access"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/learn"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs"
)

// lesson is one "jail learn".
type lesson struct {
	r        *request
	ctx      context.Context
	base     *policy.Policy // what the caller asks for
	input    []byte
	rec      *learn.Recorder
	host     *rootfs.Host
	view     rootfs.View
	results  []*result.Result
	steady   learn.Steady
	redactor *audit.Redactor
	tried    string // what is known of the lines
	good     learn.Outcome
}

var (
	errLearntFails  = errors.New("the program does not end with it as it did before")
	errLearnsOfHost = errors.New("what a program needs of the host can be learnt, and nothing of an image or a copy")
	errNotWatched   = errors.New("the program's calls could not be watched")
	errTooMuchInput = errors.New("is too long to be given to the program again and again")
)

// mostInput bounds what is kept of the program's standard input.
const mostInput = 64 << 20

func learnCommand(r *request) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	l := &lesson{r: r, ctx: ctx}
	if err := l.prepare(); err != nil {
		complain(err)
		return result.StatusFailed
	}
	defer l.host.Close()
	d, err := l.learn()
	if err == nil || errors.Is(err, errLearntFails) {
		err = errors.Join(l.write(d), err)
	}
	if err != nil {
		complain(err)
		return result.StatusFailed
	}
	return 0
}

func (l *lesson) prepare() (err error) {
	if l.base, err = l.r.merged(); err != nil {
		return err
	}
	if p := l.base; p.Image != "" || p.State != "" || p.Root == policy.RootWritable {
		return &failure{op: "learn", err: errLearnsOfHost, hint: "leave --image, --state and --writable-root out"}
	}
	if err := checkProgram(l.r.argv); err != nil {
		return err
	}
	if _, l.redactor, err = l.r.redaction(l.base); err != nil {
		return err
	}
	if err := l.keepInput(); err != nil {
		return err
	}
	if l.host, err = rootfs.NewHost("/"); err != nil {
		return err
	}
	if l.view, err = rootfs.HostView(l.host); err != nil {
		return err
	}
	own, err := l.view.With(rootfs.Identity{})
	if err != nil {
		return err
	}
	var names []string
	for _, e := range own.WithoutHost().Entries {
		names = append(names, e.Path)
	}
	l.rec = learn.NewRecorder(names)
	l.noteProgram()
	return nil
}

// withoutSecrets names the variables of secrets, and leaves their values out: the
// policy takes them from its caller.
func (l *lesson) withoutSecrets(base *policy.Policy) *policy.Policy {
	b := *base
	b.Env = slices.DeleteFunc(slices.Clone(base.Env), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains(l.r.redact, name)
	})
	b.PassEnv = slices.Clone(base.PassEnv)
	for _, name := range l.r.redact {
		if !slices.Contains(b.PassEnv, name) {
			b.PassEnv = append(b.PassEnv, name)
		}
	}
	return &b
}

// keepInput reads standard input once: each run gets it anew. A terminal's is not
// waited for.
func (l *lesson) keepInput() error {
	in := os.Stdin
	if l.r.stdin != "" {
		f, err := safepath.OpenInput(l.r.stdin, linkIsOurs)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	if isTerminal(in) {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(in, mostInput+1))
	if err == nil && len(text) > mostInput {
		err = &failure{op: "read standard input", err: errTooMuchInput, hint: "learn from a shorter one"}
	}
	l.input = text
	return err
}

// noteProgram notes where the program will be found: its own first call is made
// before anybody may look into it.
func (l *lesson) noteProgram() {
	name := l.r.argv[0]
	switch {
	case filepath.IsAbs(name):
		l.rec.Program(name)
		return
	case strings.Contains(name, "/"):
		l.rec.Copied(name)
		return
	}
	for _, dir := range filepath.SplitList(l.view.Path) {
		if at, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			l.rec.Program(at)
			return
		}
	}
}

// learn runs the program until no more is to be learnt from it, makes a policy, and
// leaves out of it what the program can do without.
func (l *lesson) learn() (*learn.Draft, error) {
	l.say("learn: calls that a policy could allow go on while the program is watched")
	if err := l.watch(); err != nil {
		return nil, err
	}
	base := *l.base
	learn.SetLimits(&base.Limits, l.results)
	earlier, err := l.earlier()
	if err != nil {
		return nil, err
	}
	d, err := l.settle(&base, earlier)
	if err != nil {
		return d, err
	}
	if !l.good.Succeeded() {
		d.Notes = append([]string{"it did not succeed: " + strings.TrimPrefix(result.Sentence(l.results[0]), "jail: ") + "; this is enough for that, and no more"}, d.Notes...)
	}
	if err := d.Reduce(l.works); err != nil {
		l.say("learn: not every line was tried: " + err.Error())
		return d, nil
	}
	if l.tried = ", each of which the program needs"; earlier != nil {
		l.tried += ", or an earlier run did"
	}
	return d, nil
}

// rounds bounds how often the program is run to see what else it wants.
const rounds = 8

// watch runs the program in the jail that the caller asks for, and again with what
// it lacked, as long as it fails.
//
// What it lacked is not of the caller's asking: the draft grants it line by line, as
// what was used of it, and tries to do without.
func (l *lesson) watch() error {
	base := l.base
	for i := range rounds {
		o, err := l.run(base, isolate.WatchLearn, i == 0)
		if err != nil {
			return err
		}
		l.good = o
		missing := l.rec.Missing()
		if o.Succeeded() || len(missing) == 0 {
			break
		}
		whole := map[string]bool{} // what was asked of a folder
		for _, name := range missing {
			folder := access.Folder(name)
			only, asked := whole[folder]
			if !asked {
				only = learn.OnlyFiles(folder)
				whole[folder] = only
			}
			if !only {
				folder = name
			}
			l.say("learn: it wants " + name + ": running it again with --ro " + folder)
			base = policy.Merge(base, &policy.Policy{Files: []policy.File{{Kind: policy.FileRO, Source: folder, Target: folder}}})
		}
		if !l.rec.Absorb() {
			break
		}
	}
	// Once more: what differs between two runs of the same can't be compared.
	limited := *base // by which jail itself says other things to a Java program, say
	learn.SetLimits(&limited.Limits, l.results)
	o, err := l.run(&limited, isolate.WatchLearn, false)
	l.steady = l.good.Compare(o)
	return err
}

// settle drafts a policy, and adds what a run with it lacks, until it works.
func (l *lesson) settle(base, earlier *policy.Policy) (d *learn.Draft, err error) {
	for range rounds {
		shown := func(name string) bool { return l.host.Visible(l.view, name) }
		d = l.rec.Draft(base, shown)
		if earlier != nil {
			d.Merge(earlier, shown)
		}
		o, err := l.run(d.Policy(nil), isolate.WatchLearn, false)
		if err != nil {
			return d, err
		}
		if o.Like(l.good, l.steady) {
			return d, nil
		}
		if !l.rec.Absorb() {
			break
		}
	}
	return d, &failure{op: "try the learnt policy", err: errLearntFails, hint: "see what it lacks with jail exec --explain --policy FILE"}
}

func (l *lesson) earlier() (*policy.Policy, error) {
	if l.r.mergeWith == "" {
		return nil, nil
	}
	return policy.Load(l.r.mergeWith)
}

// say says something of jail's own.
func (l *lesson) say(text string) {
	if !l.r.quiet {
		say(text)
	}
}

// write writes the policy, and says what it has beyond the default.
func (l *lesson) write(d *learn.Draft) error {
	d.Base = l.withoutSecrets(d.Base)
	text, err := d.Text(l.r.argv[0])
	if err != nil {
		return err
	}
	text = l.redactor.Redact(text)
	out := os.Stdout
	if l.r.out != "" {
		if out, err = safepath.OpenOutput(l.r.out, linkIsOurs); err != nil {
			return err
		}
	}
	_, err = io.WriteString(out, text)
	if l.r.out != "" {
		err = errors.Join(err, out.Close())
	}
	if err != nil {
		return &failure{op: "write the policy", object: l.r.out, err: err}
	}
	if l.r.quiet {
		return nil
	}
	l.say("learn: " + strconv.Itoa(len(d.Lines)) + " lines" + l.tried)
	for i := range d.Lines {
		if w := d.Lines[i].Wide; w != "" {
			say("learn: beyond the default: " + d.Lines[i].Call + d.Lines[i].File.Target + ": " + w)
		}
	}
	for _, n := range d.Notes {
		say("learn: " + n)
	}
	return nil
}
