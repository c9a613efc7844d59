package main

import (
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/policy/seccomp"
)

// explainCommand is "jail explain".
func explainCommand(r *request) int {
	if err := explain(os.Stdout, r); err != nil {
		complain(err)
		return result.StatusFailed
	}
	return 0
}

func explain(w io.Writer, r *request) error {
	p, err := r.merged()
	if err != nil {
		return err
	}
	argv := r.argv
	if len(argv) == 0 {
		argv = []string{"true"}
	}
	seen, err := show(argv, p)
	if err != nil {
		return err
	}
	cmd := isolate.Command(p, seen.argv...)
	cmd.Files = seen.open
	pl, resolved, err := isolate.Explain(cmd)
	if err != nil {
		return err
	}
	if r.plan {
		return pl.Print(w)
	}
	_, err = io.WriteString(w, inWords(resolved, seen))
	return err
}

// inWords says in plain words what a resolved policy enforces.
func inWords(p *policy.Policy, seen *shown) string {
	var b strings.Builder
	b.WriteString("Program: " + strings.Join(seen.argv, " ") + "\n\nLayers\n")
	for _, l := range policy.AllLayers() {
		b.WriteString("  " + pad(string(p.Layers.Level(l.Name)), 9) + pad(string(l.Name), 14) + l.Doc + " (" + l.Source + ")\n")
	}
	b.WriteString("\nLimits\n")
	writeLimits(&b, p)
	b.WriteString("\nFiles\n")
	writeFiles(&b, p, seen)
	b.WriteString("\nNetwork: " + netWords(p.Net) + "\n")
	b.WriteString("System calls: " + callWords(p) + "\n")
	b.WriteString("\n--plan prints every step of the launch.\n")
	return b.String()
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
}

func writeFiles(b *strings.Builder, p *policy.Policy, seen *shown) {
	b.WriteString("  the system's programs and libraries, read-only; /box, /tmp and /dev/shm, empty and writable\n")
	for _, f := range seen.files {
		b.WriteString("  " + pad("ro", 7) + f + " at " + box + "/" + f[strings.LastIndexByte(f, '/')+1:] + "\n")
	}
	for _, f := range p.Files {
		b.WriteString("  " + pad(string(f.Kind), 7) + f.Target)
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

// callWords counts the rows of the filter's table by their answer.
func callWords(p *policy.Policy) string {
	if p.Layers.Level(policy.LayerSeccomp) == policy.Off {
		return "all (the filter is off)"
	}
	var n [seccomp.KindAllow + 1]int
	for _, row := range seccomp.DefaultRules().Describe() {
		n[row.Answer.Kind]++
	}
	s := strconv.Itoa(n[seccomp.KindAllow]) + " allowed, " + strconv.Itoa(n[seccomp.KindErrno]) + " refused, " +
		strconv.Itoa(n[seccomp.KindNotify]) + " refused and reported, " + strconv.Itoa(n[seccomp.KindBudget]) + " counted, " +
		strconv.Itoa(n[seccomp.KindIgnore]) + " without effect, any other unknown to the program (ENOSYS)"
	if p.Seccomp.OnSuspicious == policy.SuspiciousKill {
		s += "; one of the reported ends the jail"
	}
	return s
}
