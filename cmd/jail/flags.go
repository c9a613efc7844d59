package main

import (
	"slices"
	"strings"

	"github.com/jailrun/jail/audit"
	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/judge/meter"
	"github.com/jailrun/jail/policy"
)

// request is what a command line asks for.
type request struct {
	policy     policy.Policy // of the flags alone
	files      []string      // policy files, each laid over the one before
	stdin      string
	stdout     string
	stderr     string
	json       string
	statusFD   int
	meter      string // file; "" for none
	tenant     string
	labels     []meter.Label
	budget     string
	keys       []meter.Key // of a report
	price      string
	asCSV      bool
	explains   bool
	auditTo    string   // file; "" for none
	auditKey   string   // file of the key that signs it
	redact     []string // names of variables
	redactForm []audit.Pattern
	out        string // of what was learnt; "" for standard output
	mergeWith  string
	resolved   bool
	quiet      bool
	help       bool
	plan       bool
	asJSON     bool
	delegate   bool
	audit      auditRequest
	ins        []transfer
	outs       []transfer
	keeps      bool       // the state's side, against the image's or the folder's
	outLimit   size.Bytes // of each of outs; 0 for the default
	argv       []string   // the program and its arguments
}

// flagRow is a flag of the command line that is no part of a policy.
type flagRow struct {
	name    string // without the dashes
	arg     string // what stands for its value in help; "" for a switch
	help    string // one line
	preset  string // what holds without it
	example string
	set     func(*request, string) error
}

var execFlags = [...]flagRow{
	{"policy", "FILE", "read a policy (TOML or JSON); flags win over it, a later FILE over an earlier", "none", "judge.toml", setPolicyFile},
	{"in", "SRC[:DST]", "copy a file or folder of the host's, or what a pattern matches, to DST, before the program begins: it is the program's own then; a relative DST is below /box; repeatable", "SRC's own name", "'cases/*.txt:cases/'", addIn},
	{"out", "PATH[:DST]", "copy a file or folder, or what a pattern matches, out of the jail to DST when all is over; a relative PATH is below /box; repeatable", "PATH's own name", "result.txt", addOut},
	{"out-limit", "SIZE", "bytes that each --out may copy; what is more is cut off, and told", "256M", "1G", setOutLimit},
	{"stdin", "FILE", "read the program's standard input from FILE", "jail's own", "input.txt", value(func(r *request) *string { return &r.stdin })},
	{"stdout", "FILE", "write the program's standard output to FILE", "jail's own", "out.txt", value(func(r *request) *string { return &r.stdout })},
	{"stderr", "FILE", "write the program's standard error to FILE", "jail's own", "err.txt", value(func(r *request) *string { return &r.stderr })},
	{"json", "FILE", "write the result as one line to FILE, or with - to standard output after the program's last byte", "none", "result.json", value(func(r *request) *string { return &r.json })},
	{"status-fd", "N", "write the same line to the open descriptor N", "none", "3", setStatusFD},
	{"meter", "FILE", "append what the run used as one line to FILE", "none", "usage.jsonl", value(func(r *request) *string { return &r.meter })},
	{"tenant", "NAME", "whose run it is, for --meter", "none", "alice", setTenant},
	{"label", "KEY=VALUE", "file the run under a word more, for --meter; repeatable", "none", "course=algorithms", addLabel},
	{"budget", "FILE", "hold the tenant to its budget in FILE (TOML), of what --meter's FILE says it has used", "none", "budget.toml", value(func(r *request) *string { return &r.budget })},
	{"audit", "FILE", "append what happens to FILE, line by line, each with the hash of the one before (jail audit verify)", "none", "audit.jsonl", value(func(r *request) *string { return &r.auditTo })},
	{"audit-key", "FILE", "sign --audit's FILE by the key in FILE (jail audit key)", "none", "audit.key", value(func(r *request) *string { return &r.auditKey })},
	redactFlag("keep the value of the variable NAME out of the result and of --audit's FILE; repeatable"),
	redactPatternFlag,
	{"explain", "", "list each file that can't be seen, read or written, and each refused call, with the flag that would allow it; costs the program some 10 µs a call", "", "", toggle(func(r *request) *bool { return &r.explains })},
	{"resolved", "", "print the policy that would be in force, and run nothing", "", "", toggle(func(r *request) *bool { return &r.resolved })},
	{"quiet", "", "no lines of jail's own but errors", "", "", toggle(func(r *request) *bool { return &r.quiet })},
	helpFlag,
}

var learnFlags = [...]flagRow{
	{"json", "FILE", "write the result of the first run, in which the program was watched, as one line to FILE", "none", "result.json", value(func(r *request) *string { return &r.json })},
	{"out", "FILE", "write the policy to FILE", "standard output", "policy.toml", value(func(r *request) *string { return &r.out })},
	{"merge", "FILE", "keep what the policy in FILE grants: what other runs have needed", "none", "policy.toml", value(func(r *request) *string { return &r.mergeWith })},
	redactFlag("keep the value of the variable NAME out of the result and of the policy, which then passes it on from its caller; repeatable"),
	redactPatternFlag,
	{"policy", "FILE", "start from a policy (TOML or JSON)", "none", "judge.toml", setPolicyFile},
	{"stdin", "FILE", "give the program FILE as standard input", "jail's own", "input.txt", value(func(r *request) *string { return &r.stdin })},
	{"quiet", "", "no lines of jail's own but errors", "", "", toggle(func(r *request) *bool { return &r.quiet })},
	helpFlag,
}

func redactFlag(help string) flagRow {
	return flagRow{"redact", "NAME", help, "none", "API_TOKEN", func(r *request, v string) error { r.redact = append(r.redact, v); return nil }}
}

var redactPatternFlag = flagRow{"redact-pattern", "GLOB", "keep out of the same whatever GLOB finds: * is any run of letters, digits and the like, ? one of them; repeatable", "none", "sk-*", addRedactPattern}

var planFlag = flagRow{"plan", "", "print every step of the launch, in order, each with its reason", "", "", toggle(func(r *request) *bool { return &r.plan })}

var helpFlag = flagRow{"help", "", "print the help", "", "", toggle(func(r *request) *bool { return &r.help })}

// explainFlags takes exec's too, so that in any command line "exec" can be
// replaced by "explain".
func explainFlags() []flagRow { return append([]flagRow{planFlag}, execFlags[:]...) }

var objectFlag = flagRow{"json", "", "print one JSON object", "", "", toggle(func(r *request) *bool { return &r.asJSON })}

var lineFlag = flagRow{"json", "", "print one JSON object for each, on a line of its own", "", "", toggle(func(r *request) *bool { return &r.asJSON })}

var doctorFlags = [...]flagRow{
	objectFlag,
	{"delegate", "", "have systemd make a group in which jail can make its own, and run COMMAND there, or say what it gives", "", "", toggle(func(r *request) *bool { return &r.delegate })},
	helpFlag,
}

var whyFlags = [...]flagRow{
	{"json", "", "print one JSON object for each result, on a line of its own", "", "", toggle(func(r *request) *bool { return &r.asJSON })},
	helpFlag,
}

var psFlags = [...]flagRow{
	{"json", "", "print one JSON array", "", "", toggle(func(r *request) *bool { return &r.asJSON })},
	helpFlag,
}

// lineFlags are those of a command that prints as many as there are.
var lineFlags = [...]flagRow{lineFlag, helpFlag}

// objectFlags are those of a command that prints one thing, or lists some.
var objectFlags = [...]flagRow{objectFlag, helpFlag}

var plainFlags = [...]flagRow{helpFlag}

// parse reads flags up to the first argument: "--name value", "--name=value" or
// the same with one dash. "--" ends them.
func (c *command) parse(args []string) (*request, error) {
	r := &request{statusFD: -1}
	args, err := c.dropVerb(args)
	if err != nil {
		return r, err
	}
	for len(args) > 0 && c.flags != nil {
		a := args[0]
		if len(a) < 2 || a[0] != '-' {
			break
		}
		args = args[1:]
		if a == "--" {
			break
		}
		rest, err := c.parseFlag(r, a, args)
		if err != nil {
			c.findPlaces(r, append([]string{a}, args...))
			return r, err
		}
		args = rest
	}
	if c.most >= 0 && len(args) > c.most {
		return r, &failure{op: args[c.most], err: errUnexpected, hint: "jail " + c.name + " takes no such argument"}
	}
	r.argv = args
	return r, nil
}

// dropVerb takes off the second word of a command that has two.
func (c *command) dropVerb(args []string) ([]string, error) {
	verb := c.verb()
	switch {
	case verb == "":
		return args, nil
	case len(args) > 0 && args[0] == verb:
		return args[1:], nil
	case len(args) > 0 && (args[0] == "--help" || args[0] == "-h"):
		return args, nil
	}
	return nil, &failure{op: "jail " + strings.Join(append([]string{c.name}, args[:min(len(args), 1)]...), " "), err: errUnknownCommand, hint: "write jail " + c.name + " " + verb}
}

// findPlaces reads, after a mistake, only where the result is to go: a result of
// an earlier run must not be left there for this one's.
func (c *command) findPlaces(r *request, args []string) {
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		if a == "--" {
			return
		}
		name, value, has := strings.Cut(strings.TrimLeft(a, "-"), "=")
		f := c.findFlag(name)
		switch {
		case len(a) < 2 || a[0] != '-':
			return // the program, or the value of a flag that is none: what follows may be the program's
		case f == nil || !f.takesValue():
			continue
		case !has && len(args) > 0 && args[0] != "--":
			value, args = args[0], args[1:]
		}
		if (name == "json" || name == "status-fd") && value != "" {
			_ = f.set(r, value) // the first mistake is the one that is told
		}
	}
}

// parseFlag reads the flag a, and takes its value from args where it needs one.
func (c *command) parseFlag(r *request, a string, args []string) (rest []string, err error) {
	name, value, has := strings.Cut(strings.TrimPrefix(a[1:], "-"), "=")
	f := c.findFlag(name)
	switch {
	case f == nil:
		return nil, &failure{op: a, err: errUnknownFlag, hint: c.nearestFlag(name)}
	case !f.takesValue() && has:
		return nil, &failure{op: a, err: errHasValue, hint: "write --" + name}
	case f.takesValue() && !has && len(args) > 0 && args[0] != "--":
		value, args = args[0], args[1:]
	}
	if f.takesValue() && value == "" {
		return nil, &failure{op: "--" + name, err: errNoValue, hint: "for example --" + name + " " + f.example}
	}
	return args, f.set(r, value)
}

func (f *flagRow) takesValue() bool { return f.arg != "" }

// findFlag finds a flag among the command's own and those of a policy.
func (c *command) findFlag(name string) *flagRow {
	if name == "h" {
		name = "help"
	}
	for i := range c.flags {
		if c.flags[i].name == name {
			return &c.flags[i]
		}
	}
	if o, ok := policy.LookupOption(name); ok && c.policy {
		return &flagRow{name: o.Name, arg: o.Arg, example: o.Example, set: func(r *request, v string) error { return o.Set(&r.policy, v) }}
	}
	return nil
}

func value(field func(*request) *string) func(*request, string) error {
	return func(r *request, v string) error { *field(r) = v; return nil }
}

func toggle(field func(*request) *bool) func(*request, string) error {
	return func(r *request, _ string) error { *field(r) = true; return nil }
}

func setPolicyFile(r *request, v string) error {
	r.files = append(r.files, v)
	return nil
}

// nearestFlag names the flag that was probably meant.
func (c *command) nearestFlag(got string) string {
	var names []string
	for _, f := range c.allFlags() {
		names = append(names, f.name)
	}
	if got == planFlag.name && c.policy {
		return "it is a flag of jail explain"
	}
	if best := nearest(got, names); best != "" {
		return "did you mean --" + best + "?"
	}
	return `"jail help ` + c.name + `" lists all`
}

// nearest gives the name that is few typing errors away, or "".
func nearest(got string, names []string) string {
	best, least := "", len(got)/2+1
	for _, name := range names {
		if d := distance(got, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance is Levenshtein's, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := slices.Clone(row)
		row[0] = i + 1
		for j := range len(b) {
			swap := before[j]
			if a[i] != b[j] {
				swap++
			}
			row[j+1] = min(swap, before[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
