package main

import (
	"os"
	"strings"
	"unicode/utf8"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

const rootHelp = `Jail runs one untrusted program fully isolated: in namespaces, a control
group, a system call filter and a Landlock domain of its own, without rights,
on a read-only view of the system, with memory, time, processes, disk and output
bounded. It says afterwards how the program ended, why, and which walls stood.

    jail exec -- python3 prog.py
    jail exec --cpu 2s --memory 256M ./a.out < input.txt
    jail doctor`

const execHelp = `Run PROGRAM fully isolated. It sees the system's programs and libraries
read-only, an empty writable /box (where it starts) and /tmp, and those plain
files of the working directory that the command line names, by their base names
in /box. It sees no other file, process, user or network of the host.`

const explainHelp = `Say what "jail exec" with the same flags would enforce, and run nothing. The exit
status is 0, or exec's where the program would not be found or executed. --json,
--status-fd and --quiet are taken, so that any command line can be explained, and
have no effect.`

const learnHelp = `Run PROGRAM several times and write a policy by which it works, and without any
line of which it does not: files and folders, links, system calls that are refused by
default, and limits of twice the memory and four times the time that it has used. In
the first runs calls that a policy could allow go on; calls that reach around the
jail's walls never do, nor is a key or a password file ever shown. What it writes with
--rw it writes in each run. Learn from programs that you trust, and from runs that
reach every part of them:

    jail learn --out policy.toml -- python3 prog.py
    jail learn --out policy.toml --merge policy.toml -- python3 prog.py other-input
    jail exec --policy policy.toml -- python3 prog.py

The exit status is 0 when a policy was learnt, also from a program that failed, which
is then said; else 125.`
const whyHelp = `Explain results that "jail exec --json FILE" has written: what happened, the evidence
that decided it, the likely cause, what to change, the calls that were refused, the
walls that did not stand, and how the host disturbed the times. - is standard input.
A file may hold many results, one a line or in a JSON array: each is explained.

    jail exec --json result.json -- ./a.out; jail why result.json
    jail exec --json - -- ./a.out | tail -n 1 | jail why -

The exit status is 0 when all were explained, whatever they are of, and 125 for a
file that can't be read or that is no result; what comes before the mistake is
explained.`

const meterHelp = `Sum up meter files, to which "jail exec --meter FILE" has appended a line a run. A
run whose supervisor was killed is counted, as unfinished, and of what it used
nothing is known; runs that go on are not in it. A line that is no record is
named, the others are counted, and the exit status is 1.`

const auditHelp = `Check and read audit logs: files to which jails append one line of JSON for each
launch, denial, limit, verdict and more, and in which each line carries the hash of
the one before. FILE.head says where the log ends.`

const auditVerifyHelp = `Check a log, and the older files that it was before (FILE.1, FILE.2 …): say which
lines were edited, removed, added or moved, or that the end was cut off. The exit
status is 0 when nothing is wrong, 1 when something is.

Without --key, one who has written both FILE and FILE.head anew is not found. With
it, the head and each checkpoint must be signed.`

const auditTailHelp = `Print the last entries of a log, one line each; with --follow, also those that
come, until it is interrupted. What a program had a hand in is escaped.`

const auditSummaryHelp = `Count a log's events by type, by verdict, by denied call and rule, and by jail.`

const auditExportHelp = `Write a log's entries as one JSON array, or as comma-separated values.`

const auditKeyHelp = `Make an Ed25519 key pair: FILE, for the writers of logs alone, and FILE.pub, for
whoever checks them. NAME is seen in each signature, as the name of the host. Both
must be new.`

const imageHelp = `Keep images: root file systems that jails can run in. Each is made of layers, which
are unpacked once and shared. Root's lie in /var/lib/jail, an ordinary user's in
~/.local/share/jail; JAIL_STORE names another folder. NAME is as docker has it:
debian, team/app:1.2; an IMAGE is a name, or 12 digits of an ID or more.

    jail image import debian.tar debian:12
    jail image ls
    jail image export debian:12 debian-12.tar

import, pull, verify, export and sign are done by jaild.`

const imageListHelp = `List the images, by their names: what their layers hold, and how much of that they
share with no other.`

const imageInspectHelp = `Say what an image is made of: its layers, what it starts, and where it came from.`

const imageRemoveHelp = `Take names from images; given an ID, all names of that image. "jail image gc" then
removes what no name leads to.`

const imageGCHelp = `Remove images without a name that nobody uses, layers that no image has, and what
killed imports left behind; and wait until what stays is on the disk.`

const gcHelp = `Remove the control groups and temporary folders that killed jails left behind,
and end what still runs in the groups. Only what is named as jail names it, and
whose owner is gone, is touched.`

const psHelp = `List the jails that run below the cgroup that jail was started in, whoever's they
are: the name of their cgroup, their group of jails, a process, what they use and
what they run. A jail without a cgroup of its own is not among them.`

const topHelp = `Show the jails that run, the busiest first, anew each second until it is
interrupted. Where the output is no terminal one table is printed after a second.`

const groupHelp = `A group of jails is a set that "jail exec --group NAME" makes a jail a member of.
Its limits hold all members together, beside each one's own; NAME/NAME is a group
in a group, under the limits of both.

    jail group set web --memory 2G --cpu-max 150% --pids 500
    jail exec --group web/api -- ./server
    jail group list

set makes the group, where it is missing, and changes the limits that are named;
they hold for members that run already too, "unlimited" lifts one, and the group
stays until it is removed. A group that nobody has set goes with its last member.
remove removes a group without members; kill ends all of its members at once. The
limits are --memory, --swap, --memory-high, --hugetlb, --rdma, --pids, --cpu-max,
--cpu-weight, --io-weight, and on cgroup v2 --io-read-bps, --io-write-bps,
--io-read-ops and --io-write-ops, as of jail exec. A group lies in the cgroup that
jail was started in: where that is another one, so is the group.`

const doctorHelp = `Say what this host gives, what it lacks and how to mend it, and try a jail.
The exit status is 0 when a jail with all default layers works, else 1.

An ordinary user has a control group to bound a whole jail by only where systemd
gives him one. --delegate asks for it, tells what it holds, and tries a jail there;
with a COMMAND it runs that in it: a shell, or jail itself.`

const calibrateHelp = `Say how steady times are on this host: what one and the same piece of work takes,
on any core and on a leased one in turns, how late timers are, what of it the host
explains, and which settings that make for fair times it can honour. It takes some
seconds, and runs nothing of yours. Let the host be as busy as it is at work.`

const versionHelp = `Print jail's version, the commit that it was built from, and the compiler.`

const completionHelp = `Print a completion script: source <(jail completion bash), or the same with
zsh, or jail completion fish | source.`

const helpHelp = `Print the help of a command, or without one the list of commands.`

// printHelp is "jail help [COMMAND]".
func printHelp(r *request) int {
	text := rootText()
	if len(r.argv) > 0 {
		c := findCommand(r.argv[0])
		if c == nil {
			complain(&failure{op: r.argv[0], err: errUnknownCommand, hint: nearestCommand(r.argv[0])})
			return result.StatusFailed
		}
		c, rest := c.below(r.argv[1:])
		if len(rest) > 0 {
			complain(&failure{op: strings.Join(r.argv, " "), err: errUnknownCommand, hint: "jail help " + c.name + " says more"})
			return result.StatusFailed
		}
		if c.flags == nil && c.short != "" {
			return handOver(append([]string{"help"}, strings.Fields(c.name)...)...)
		}
		text = c.helpText()
	}
	if _, err := os.Stdout.WriteString(text); err != nil {
		complain(err)
		return result.StatusFailed
	}
	return 0
}

func rootText() string {
	var b strings.Builder
	b.WriteString(rootHelp + "\n\nCommands\n")
	for _, c := range commands() {
		if c.short != "" {
			b.WriteString("  " + pad(c.name, 12) + c.short + "\n")
		}
	}
	return b.String()
}

// helpText is what a manual page holds.
func (c *command) helpText() string {
	var b strings.Builder
	b.WriteString("Usage: jail " + c.synopsis() + "\n\n" + c.long + "\n\nFlags\n")
	if c.policy {
		b.WriteString("Of a flag given twice the last holds, but each of a repeatable one.\n")
	}
	for _, f := range c.allFlags() {
		writeFlag(&b, &f)
	}
	if c.policy {
		writeLayers(&b)
	}
	if c.name == "exec" {
		writeStatuses(&b)
	}
	if all := c.verbs(); len(all) > 0 {
		b.WriteString("\nCommands\n")
		for _, v := range all {
			b.WriteString("  " + pad(v.name, 16) + v.short + "\n")
		}
	}
	return b.String()
}

func writeLayers(b *strings.Builder) {
	b.WriteString("\nA SIZE is a number of bytes, or K, M, G or T of them (powers of 1024); a TIME is\n500ms, 2s, 1.5m; \"unlimited\" lifts a limit. A LAYER is one of\n")
	for _, l := range policy.AllLayers() {
		b.WriteString("  " + pad(string(l.Name), 14) + l.Doc + "\n")
	}
}

func writeFlag(b *strings.Builder, f *flagRow) {
	head := "--" + f.name
	if f.arg != "" {
		head += " " + f.arg
	}
	text := f.help
	if f.preset != "" {
		text += " (default:" + noBreak + f.preset + ")"
	}
	if f.example != "" {
		text += "; e.g." + noBreak + f.example
	}
	writeColumn(b, "  "+pad(head, 24)+" ", text)
}

// noBreak is a space at which no line ends.
const noBreak = "\x00"

// writeColumn writes a text beside its head, in lines of a terminal's width.
func writeColumn(b *strings.Builder, head, text string) {
	const width = 100
	indent := utf8.RuneCountInString(head)
	at := indent
	b.WriteString(head)
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+n > width:
			b.WriteString("\n" + pad("", indent))
			at = indent
		default:
			b.WriteString(" ")
			at++
		}
		b.WriteString(strings.ReplaceAll(word, noBreak, " "))
		at += n
	}
	b.WriteString("\n")
}

func writeStatuses(b *strings.Builder) {
	b.WriteString("\nExit status: the program's own; or 125 the jail failed, 126 the program can't be\nexecuted, 127 it was not found, 128+n it died of signal n, 137 the jail ended it.\nThe reasons of --json:\n")
	for _, r := range result.Reasons() {
		b.WriteString("  " + pad(string(r.Reason), 14) + r.Exit)
		if r.Flag != "" {
			b.WriteString("; raise the limit with " + r.Flag)
		}
		b.WriteString("\n")
	}
}

// allFlags lists a command's flags, those of a policy first.
func (c *command) allFlags() []flagRow {
	var all []flagRow
	if c.policy {
		for _, o := range policy.Options() {
			f := flagRow{name: o.Name, arg: o.Arg, help: o.Help, preset: o.Default, example: o.Example}
			if o.Repeat {
				f.help += "; repeatable"
			}
			all = append(all, f)
		}
	}
	return append(all, c.flags...)
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0))
}
