package main

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/cores"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/policy/seccomp"
	"golang.org/x/sys/unix"
)

// explainCommand is "jail explain". Its exit status is exec's where that would
// not come to a run.
func explainCommand(r *request) int {
	status, err := explain(os.Stdout, r)
	if err != nil {
		complain(err)
	}
	return status
}

func explain(w io.Writer, r *request) (status int, err error) {
	p, err := r.merged()
	switch {
	case err != nil:
		return result.StatusFailed, err
	case r.resolved:
		return printResolved(p), nil
	}
	if err := checkProgram(r.argv); err != nil {
		return result.ExitStatus(unlaunched("find the program", err)), err
	}
	seen, err := show(r.argv, p, r.moves)
	if err != nil {
		return result.StatusFailed, err
	}
	return r.explain(w, seen, p)
}

func (r *request) explain(w io.Writer, seen *shown, p *policy.Policy) (status int, err error) {
	metered, err := r.meterWords()
	if err != nil {
		return result.StatusFailed, err
	}
	cmd := isolate.Command(p, seen.argv...)
	cmd.Files = seen.open
	pl, resolved, err := isolate.Explain(cmd)
	var unfit *isolate.ExecError
	if err != nil && !errors.As(err, &unfit) {
		return result.StatusFailed, err
	}
	var failed error
	if r.plan {
		failed = pl.Print(w)
	} else {
		_, failed = io.WriteString(w, r.inWords(resolved, seen, metered))
	}
	switch {
	case failed != nil:
		return result.StatusFailed, failed
	case unfit == nil:
		return 0, nil
	case errors.Is(err, unix.ENOENT):
		return result.StatusNotFound, notFoundHere(r.argv[0], err)
	}
	return result.StatusNotExecuted, err
}

// inWords says in plain words what a resolved policy enforces.
func (r *request) inWords(p *policy.Policy, seen *shown, metered string) string {
	var b strings.Builder
	b.WriteString("Program: " + strings.Join(seen.argv, " ") + "\n")
	b.WriteString("Starts in " + p.Chdir + ", on a host named " + p.Hostname + "\n")
	b.WriteString("Standard input: " + orOwn(r.stdin) + "; output: " + orOwn(r.stdout) + "; error: " + orOwn(r.stderr) + "\n")
	b.WriteString("Environment: jail's own" + envWords(p) + "\n\nLayers\n")
	for _, l := range policy.AllLayers() {
		b.WriteString("  " + pad(string(p.Layers.Level(l.Name)), 9) + pad(string(l.Name), 14) + l.Doc + " (" + l.Source + ")\n")
	}
	b.WriteString("\nLimits\n")
	writeLimits(&b, p)
	b.WriteString(leaseWords(&p.Limits))
	writeOuters(&b, p.Group)
	b.WriteString("\nFiles\n")
	writeFiles(&b, p, seen)
	b.WriteString("\nNetwork: " + netWords(p.Net) + "\n")
	b.WriteString("System calls: " + callWords(p) + "\n")
	b.WriteString("Profile: " + profileWords(p.Profile) + "\n")
	b.WriteString(metered)
	b.WriteString("\n--plan prints every step of the launch.\n")
	return b.String()
}

// leaseWords says what would be leased now.
func leaseWords(l *policy.Limits) string {
	n := l.Lease()
	if n == 0 {
		return ""
	}
	number := strconv.Itoa(n) + " physical cores"
	if n == 1 {
		number = "1 physical core"
	}
	s, err := cores.Would(n)
	switch {
	case err != nil:
		return "  no lease: " + err.Error() + "\n"
	case s.Empty():
		return "  a lease of " + number + ": it would wait, all are leased\n"
	}
	return "  a lease of " + number + ", of those that are free now CPUs " + s.String() + "; jails without a lease leave them\n"
}

func orOwn(file string) string {
	if file == "" {
		return "jail's own"
	}
	return file
}

// envWords leaves values out: they may be secrets, and --resolved has them.
func envWords(p *policy.Policy) string {
	text := ""
	for _, kv := range p.Env {
		name, _, _ := strings.Cut(kv, "=")
		text += ", " + name + " as given"
	}
	for _, name := range p.PassEnv {
		text += ", " + name + " of the caller's"
	}
	return text
}

func profileWords(p policy.Profile) string {
	if p == policy.ProfileWXDeny {
		return "wx-deny: no memory that is writable and executable; programs that compile while they run (node, java) fail"
	}
	return string(p)
}

// writeLimits prints the limits as a policy file has them.
func writeLimits(b *strings.Builder, p *policy.Policy) {
	text, err := p.MarshalTOML()
	if err != nil {
		b.WriteString("  " + err.Error() + "\n")
		return
	}
	_, rest, _ := strings.Cut(string(text), "\n[limits]\n")
	table, _, _ := strings.Cut(rest, "\n[")
	for line := range strings.Lines(table) {
		if strings.TrimSpace(line) != "" {
			key, value, _ := strings.Cut(strings.TrimSpace(line), " = ")
			b.WriteString("  " + pad(key, 14) + strings.Trim(value, `"`) + "\n")
		}
	}
	writeHoldings(b, p)
}

// writeHoldings says by which files this host's groups would hold the limits, and
// what can't be held.
func writeHoldings(b *strings.Builder, p *policy.Policy) {
	held, err := isolate.Holdings(p)
	if err != nil {
		b.WriteString("  " + err.Error() + "\n")
		return
	}
	for i, h := range held {
		if i == 0 {
			b.WriteString("  of all processes together, by cgroup:\n")
		}
		b.WriteString("    " + pad(h.Limit, 14) + h.File + " (v" + strconv.Itoa(h.Version) + "): " + h.Holds + "\n")
	}
}

// writeOuters prints what holds for all jails together, whatever they are given.
func writeOuters(b *strings.Builder, set string) {
	h, err := cgroup.Detect()
	if err != nil {
		return // "jail doctor" says why
	}
	defer h.Close()
	writeBounds(b, "Limits of the groups above, for all jails together", h.Outers())
	if set != "" {
		writeBounds(b, "Limits of the group of jails "+set+", for all its members together", h.OfSets(set))
	}
}

func writeBounds(b *strings.Builder, title string, bounds []cgroup.Bound) {
	for i, o := range bounds {
		if i == 0 {
			b.WriteString("\n" + title + "\n")
		}
		b.WriteString("  " + pad(o.Controller, 14) + outerWords(o) + "\n")
	}
}

func writeFiles(b *strings.Builder, p *policy.Policy, seen *shown) {
	what := "the system's programs and libraries"
	switch {
	case p.Image != "":
		what = "the image " + p.Image
	case p.View == policy.ViewNone:
		what = "nothing of the host but what is named here"
	}
	switch {
	case p.View == policy.ViewNone:
	case p.Root == policy.RootReadOnly:
		what += ", read-only"
	case p.State != "":
		what += ", and it may write to it: its changes are kept as the state " + p.State
	default:
		what += ", and it may write to it: its changes are its own, and gone with the jail"
	}
	b.WriteString("  " + what + "; /box, /tmp and /dev/shm, empty and writable\n")
	if p.Denials == policy.DenialsShown {
		b.WriteString("  /run/jail/denials, in which the program reads what it was refused\n")
	}
	for _, f := range seen.files {
		b.WriteString("  " + pad("ro", 7) + f + " at " + box + "/" + f[strings.LastIndexByte(f, '/')+1:] + "\n")
	}
	for _, f := range p.Files {
		b.WriteString("  " + pad(string(f.Kind), 7) + f.Target)
		if f.To != "" {
			b.WriteString(", which leads to " + f.To)
		}
		if f.Source != "" && f.Source != f.Target {
			b.WriteString(", which is " + f.Source)
		}
		if f.Reason != "" {
			b.WriteString(", since " + f.Reason)
		}
		b.WriteString("\n")
	}
}

func netWords(n policy.Net) string {
	if n == policy.NetNone {
		return "none; its own loopback is down"
	}
	return "none but its own loopback"
}

// ordinal says which of many calls it is.
func ordinal(n int64) string {
	if n <= 1 {
		return "one"
	}
	return "number " + strconv.FormatInt(n, 10)
}

// callWords counts the rows of the filter's table by their answer.
func callWords(p *policy.Policy) string {
	if p.Layers.Level(policy.LayerSeccomp) == policy.Off {
		return "all (the filter is off)"
	}
	var n [seccomp.KindAllow + 1]int
	for _, row := range (seccomp.Variant{Allow: strings.Join(p.Seccomp.Allow, " ")}).Rules().Describe() {
		n[row.Answer.Kind]++
	}
	s := strconv.Itoa(n[seccomp.KindAllow]) + " allowed, " + strconv.Itoa(n[seccomp.KindErrno]) + " refused, " +
		strconv.Itoa(n[seccomp.KindNotify]) + " refused and reported, " + strconv.Itoa(n[seccomp.KindBudget]) + " counted, " +
		strconv.Itoa(n[seccomp.KindIgnore]) + " without effect, any other unknown to the program (ENOSYS)"
	if p.Seccomp.OnSuspicious == policy.SuspiciousKill {
		s += "; " + ordinal(p.Seccomp.KillAfter) + " of the reported ends the jail"
	}
	if len(p.Seccomp.Allow) > 0 {
		s += "; beyond the default: " + strings.Join(p.Seccomp.Allow, ", ")
	}
	return s
}
