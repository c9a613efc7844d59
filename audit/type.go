package audit

// Type is what kind of thing happened.
type Type string

// The types: a closed set. A new one may be added under the same schema.
const (
	TypeLaunch     Type = "launch"
	TypeExec       Type = "exec"
	TypeDenial     Type = "denial"
	TypeLimit      Type = "limit"
	TypeVerdict    Type = "verdict"
	TypeKill       Type = "kill"
	TypeCleanup    Type = "cleanup"
	TypeTamper     Type = "tamper"
	TypeDrop       Type = "drop"
	TypeRecover    Type = "recover"
	TypeRotate     Type = "rotate"
	TypeCheckpoint Type = "checkpoint"
)

// typeRow is one row of the table that the parser, the help and docs/audit.md
// read.
type typeRow struct {
	name    Type
	by      string // who writes it
	meaning string
	empty   func() Detail
}

const (
	byJail = "the jail"
	byLog  = "the log"
)

var typeRows = [...]typeRow{
	{TypeLaunch, byJail, "a program is about to be run", func() Detail { return new(Launch) }},
	{TypeExec, byJail, "all walls stand, and the program's first instruction comes next", func() Detail { return new(Exec) }},
	{TypeDenial, byJail, "a wall refused something", func() Detail { return new(Denial) }},
	{TypeLimit, byJail, "a limit was met", func() Detail { return new(Limit) }},
	{TypeVerdict, byJail, "how the run ended", func() Detail { return new(Verdict) }},
	{TypeKill, byJail, "the jail ended the program", func() Detail { return new(Kill) }},
	{TypeCleanup, byJail, "what a run had made was removed", func() Detail { return new(Cleanup) }},
	{TypeTamper, "both", "something is not as it was left: the log's file and its head disagree, or what the jail made was changed from outside", func() Detail { return new(Tamper) }},
	{TypeDrop, byLog, "events did not fit into the queue, and are lost", func() Detail { return new(Drop) }},
	{TypeRecover, byLog, "a writer was killed between its lines and the head, or within a line; its whole lines are kept", func() Detail { return new(Recover) }},
	{TypeRotate, byLog, "the first line of a file that goes on from FILE.1", func() Detail { return new(Rotate) }},
	{TypeCheckpoint, byLog, "a signature under all lines before", func() Detail { return new(Checkpoint) }},
}

// Types lists the set.
func Types() []Type {
	all := make([]Type, len(typeRows))
	for i := range typeRows {
		all[i] = typeRows[i].name
	}
	return all
}
