package main

import (
	"os"
	"strings"

	"github.com/jailrun/jail/audit"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// scripts ask "jail __complete" for every word, so that they know the flags of
// the very jail that is installed. No answer leaves the word to the shell's own
// completion of files.
var completionScripts = [...]struct{ shell, text string }{
	{"bash", `_jail() {
    local IFS=$'\n'
    COMPREPLY=($(jail __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -o bashdefault -F _jail jail
`},
	{"zsh", `#compdef jail
_jail() {
    local -a found
    local name help
    while IFS=$'\t' read -r name help; do
        found+=("${name}:${help//:/\\:}")
    done < <(jail __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
    if (( $#found )); then _describe jail found; else _files; fi
}
compdef _jail jail
`},
	{"fish", `complete -c jail -a '(set -l w (commandline -opc) (commandline -ct); jail __complete $w[2..-1] 2>/dev/null)'
`},
}

// completionCommand is "jail completion SHELL".
func completionCommand(r *request) int {
	var names []string
	for _, s := range completionScripts {
		names = append(names, s.shell)
		if len(r.argv) == 1 && s.shell == r.argv[0] {
			return printed(s.text)
		}
	}
	complain(&failure{op: "completion", err: errUnknownShell, hint: "name one of " + strings.Join(names, ", ")})
	return result.StatusFailed
}

// completeCommand prints what the last word could become, one a line, each with
// a tab and its help.
func completeCommand(r *request) int {
	words := r.argv
	if len(words) == 0 {
		words = []string{""}
	}
	return printed(strings.Join(complete(words), ""))
}

func complete(words []string) (lines []string) {
	before, last := words[:len(words)-1], words[len(words)-1]
	if len(before) == 0 {
		return commandLines(last)
	}
	c := findCommand(before[0])
	if c == nil {
		return nil
	}
	c, words = c.below(before[1:])
	if all := c.verbs(); len(all) > 0 && len(words) == 0 && !strings.HasPrefix(last, "-") {
		for _, v := range all {
			if name := strings.TrimPrefix(v.name, c.name+" "); strings.HasPrefix(name, last) {
				lines = append(lines, name+"\t"+v.short+"\n")
			}
		}
		return lines
	}
	if verb := c.verb(); verb != "" {
		if len(words) == 0 {
			return valueLines("", []string{verb}, last)
		}
		words = words[1:]
	}
	valueOf, ended := c.place(words)
	name, value, has := strings.Cut(last, "=")
	switch {
	case valueOf != nil:
		return valueLines("", valueOf.values(), last)
	case ended:
		return nil
	case !strings.HasPrefix(last, "-"):
		return valueLines("", c.values(), last)
	case has:
		if f := c.findFlag(strings.TrimLeft(name, "-")); f != nil {
			return valueLines(name+"=", f.values(), value)
		}
	}
	for _, f := range c.allFlags() {
		if strings.HasPrefix("--"+f.name, last) {
			lines = append(lines, "--"+f.name+"\t"+f.help+"\n")
		}
	}
	return lines
}

func commandLines(start string) (lines []string) {
	for _, c := range commands() {
		if c.short != "" && strings.HasPrefix(c.name, start) {
			lines = append(lines, c.name+"\t"+c.short+"\n")
		}
	}
	return lines
}

func valueLines(head string, values []string, start string) (lines []string) {
	for _, v := range values {
		if strings.HasPrefix(v, start) {
			lines = append(lines, head+v+"\t\n")
		}
	}
	return lines
}

// values lists what a flag can be followed by, nil if that can't be listed.
func (f *flagRow) values() (list []string) {
	if o, ok := policy.LookupOption(f.name); ok && f.takesValue() {
		return o.Values()
	}
	if f.name == "type" {
		for _, t := range audit.Types() {
			list = append(list, string(t))
		}
	}
	return list
}

// values lists what a command's argument can be.
func (c *command) values() (list []string) {
	switch c.name {
	case "help":
		for _, c := range commands() {
			if c.short != "" {
				list = append(list, c.name)
			}
		}
	case "image inspect", "image rm", "image export", "image verify":
		return imageNames()
	case "completion":
		for _, s := range completionScripts {
			list = append(list, s.shell)
		}
	}
	return list
}

// imageNames are those of the store; none where that can't be read.
func imageNames() (list []string) {
	s, err := openStore()
	if err != nil {
		return nil
	}
	defer s.Close()
	all, _ := s.List() // the damaged are left out
	for i := range all {
		list = append(list, all[i].Names...)
	}
	return list
}

// place says where the next word stands: it is the value of a flag, or the flags
// have ended before it.
func (c *command) place(words []string) (valueOf *flagRow, ended bool) {
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		if len(w) < 2 || w[0] != '-' || w == "--" {
			return nil, true
		}
		f := c.findFlag(strings.TrimLeft(w, "-"))
		switch {
		case f == nil || !f.takesValue():
		case len(words) == 0:
			return f, false
		default:
			words = words[1:]
		}
	}
	return nil, false
}

// printed writes text to standard output, and gives the exit status.
func printed(text string) int {
	if _, err := os.Stdout.WriteString(text); err != nil {
		complain(err)
		return result.StatusFailed
	}
	return 0
}
