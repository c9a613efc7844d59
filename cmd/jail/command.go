package main

import "strings"

// command is one row of the table of commands. The parser, the help and the
// completions all read it.
//
// A library for trees of commands would do the same for 78 more page faults at
// each start (templates, regular expressions and net are linked and
// initialised): a fifth of a millisecond of a launch of three.
type command struct {
	name   string
	args   string // what stands for its arguments in help
	short  string // one line
	long   string
	flags  []flagRow
	policy bool // takes the flags of a policy too
	most   int  // arguments; -1: any number
	run    func(*request) int
}

// commands is a function, not a variable: the help that it names reads it.
func commands() []command {
	return []command{
		{"exec", "[--] PROGRAM [ARGUMENT…]", "run a program", execHelp, execFlags[:], true, -1, execCommand},
		{"explain", "[--] PROGRAM [ARGUMENT…]", "say what exec would enforce, and run nothing", explainHelp, explainFlags(), true, -1, explainCommand},
		{"learn", "[--] PROGRAM [ARGUMENT…]", "run a program, and write the least policy that lets it work", learnHelp, learnFlags[:], true, -1, learnCommand},
		{"why", "FILE…", "explain results of exec --json: what happened, and what to change", whyHelp, whyFlags[:], false, -1, whyCommand},
		{"doctor", "[[--] COMMAND…]", "say what this host gives, what it lacks, and how to mend it", doctorHelp, doctorFlags[:], false, -1, doctorCommand},
		{"calibrate", "", "say how steady times are on this host, and what would make them steadier", calibrateHelp, objectFlags[:], false, 0, calibrateCommand},
		{"ps", "", "list the jails that run", psHelp, psFlags[:], false, 0, psCommand},
		{"top", "", "show what the jails that run use, live", topHelp, plainFlags[:], false, 0, topCommand},
		{"group", "list | set NAME LIMITS | remove NAME | kill NAME", "limit, list and end groups of jails", groupHelp, plainFlags[:], false, -1, groupCommand},
		{"meter", "FILE…", "sum up what runs used, and what that costs", meterHelp, meterFlags[:], false, -1, meterCommand},
		{"audit", "verify | tail | summary | export FILE, or key NAME FILE", "check and read the logs of what jails did", auditHelp, plainFlags[:], false, -1, auditCommand},
		{"image", "import | ls | inspect | verify | export | rm | gc …", "keep images: root file systems that jails can run in", imageHelp, plainFlags[:], false, -1, imageCommand},
		{"state", "ls | diff | apply | commit | upgrade | export | import | discard", "keep, look at, back up and move what programs change", stateHelp, plainFlags[:], false, -1, func(r *request) int { return unknownVerb(r, "state", stateVerbs()) }},
		{"gc", "", "remove what killed jails left behind", gcHelp, plainFlags[:], false, 0, gcCommand},
		{"completion", "bash|zsh|fish", "print a completion script for a shell", completionHelp, plainFlags[:], false, 1, completionCommand},
		{"version", "", "print version, commit and compiler", versionHelp, plainFlags[:], false, 0, versionCommand},
		{"help", "[COMMAND]", "print the help of a command", helpHelp, plainFlags[:], false, 2, printHelp},
		{"__complete", "WORD…", "", "", nil, false, -1, completeCommand}, // what the scripts ask
	}
}

func findCommand(name string) *command {
	switch name { // what people try first
	case "--help", "-h":
		name = "help"
	case "--version", "-v":
		name = "version"
	}
	all := commands()
	for i := range all {
		if all[i].name == name {
			return &all[i]
		}
	}
	return nil
}

func nearestCommand(got string) string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	if best := nearest(got, names); best != "" {
		return "did you mean jail " + best + "?"
	}
	if strings.HasPrefix(got, "-") {
		return "flags follow a command: jail exec " + got
	}
	return `"jail help" lists the commands; a program is run by "jail exec -- ` + got + `"`
}

// usage writes the short usage of a command to standard error.
func usage(c *command) { say("usage: jail " + c.synopsis() + `; "jail help ` + c.name + `" says more`) }

// verbs are commands of their own, below one; nil for most.
func (c *command) verbs() []command {
	switch c.name {
	case "audit":
		return auditVerbs()
	case "image":
		return imageVerbs()
	case "state":
		return stateVerbs()
	}
	return nil
}

// below finds the command that the words after a command's name begin with, and
// gives what follows: c itself where they name none below it.
func (c *command) below(words []string) (*command, []string) {
	all := c.verbs()
	for i := range all {
		if len(words) > 0 && all[i].name == c.name+" "+words[0] {
			return &all[i], words[1:]
		}
	}
	return c, words
}

// verb is a command's second word, "" if it has none.
func (c *command) verb() string {
	if c.name == "meter" {
		return "report"
	}
	return ""
}

// synopsis is a command's name and what follows it.
func (c *command) synopsis() string {
	s := c.name
	if c.verb() != "" {
		s += " " + c.verb()
	}
	switch {
	case len(c.flags) == 1: // no flag but that for this very text
		s += " [--help]"
	case len(c.flags) > 1:
		s += " [flags]"
	}
	if c.args != "" {
		s += " " + c.args
	}
	return s
}
