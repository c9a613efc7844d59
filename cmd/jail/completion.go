package main

import (
	"os"
	"strings"

	"github.com/jailrun/jail/isolate/result"
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
	last := words[len(words)-1]
	if len(words) == 1 {
		for _, c := range commands() {
			if c.short != "" && strings.HasPrefix(c.name, last) {
				lines = append(lines, c.name+"\t"+c.short+"\n")
			}
		}
		return lines
	}
	c := findCommand(words[0])
	if c == nil || !strings.HasPrefix(last, "-") || c.ended(words[1:len(words)-1]) {
		return nil
	}
	for _, f := range c.allFlags() {
		if strings.HasPrefix("--"+f.name, last) {
			lines = append(lines, "--"+f.name+"\t"+f.help+"\n")
		}
	}
	return lines
}

// ended says whether the flags have ended before the word to be completed, or
// it is a flag's value.
func (c *command) ended(words []string) bool {
	for i := 0; i < len(words); i++ {
		w := words[i]
		if len(w) < 2 || w[0] != '-' || w == "--" {
			return true
		}
		f := c.findFlag(strings.TrimLeft(w, "-"))
		if f != nil && f.takesValue() {
			i++
		}
		if i == len(words) {
			return true
		}
	}
	return false
}

// printed writes text to standard output, and gives the exit status.
func printed(text string) int {
	if _, err := os.Stdout.WriteString(text); err != nil {
		complain(err)
		return result.StatusFailed
	}
	return 0
}
