package audit

import "strconv"

// Kind is what kind of thing is wrong with a log.
type Kind string

// The kinds. kindRows has what they mean.
const (
	Edited    Kind = "edited"
	Missing   Kind = "missing"
	Inserted  Kind = "inserted"
	Duplicate Kind = "duplicate"
	Moved     Kind = "moved"
	Cut       Kind = "cut"
	Torn      Kind = "torn"
	Behind    Kind = "behind"
	Head      Kind = "head"
	Signature Kind = "signature"
	Recorded  Kind = "recorded"
)

var kindRows = [...]struct {
	kind    Kind
	meaning string
}{
	{Edited, "a line's hash is not what the next line, or the head, says; or it is no line any more"},
	{Missing, "lines are not there: the numbers, or the hashes, leave a gap"},
	{Inserted, "a line stands between two that belong together"},
	{Duplicate, "a line is there twice"},
	{Moved, "a line stands in another place than it was written to"},
	{Cut, "the head counts more lines than the file ends with"},
	{Torn, "the file ends with half a line, as a killed writer leaves it; the next one cuts it off and says so in a `recover` event"},
	{Behind, "whole lines follow behind the last that the head knows, as a killed writer leaves them; the next one keeps them and says so in a `recover` event"},
	{Head, "FILE.head is gone, is no head, or is that of another log"},
	{Signature, "the head or a checkpoint is not signed with a key that was given, or its signature is false"},
	{Recorded, "the log's own `tamper` event: when it was opened, it was not as its head said"},
}

// Problem is what is wrong with a log, in one place.
type Problem struct {
	File string // the file, where it is not FILE.head
	Line int    // in it, from 1; 0 when no line is to blame
	Seq  uint64 // the line's number in the log, 0 when not known
	Kind Kind
	Text string // printable ASCII but for FILE's own name
}

// String reads `audit.jsonl:17: edited: its hash is not what line 18 says`.
func (p *Problem) String() string {
	s := printable(p.File)
	if p.Line > 0 {
		s += ":" + strconv.Itoa(p.Line)
	}
	return s + ": " + string(p.Kind) + ": " + p.Text
}

// HeadState is how a head stands to its log.
type HeadState string

// The states of a head.
const (
	HeadFits    HeadState = "fits"    // it is of the last line
	HeadBehind  HeadState = "behind"  // whole lines follow
	HeadDiffers HeadState = "differs" // it is not of what the file has
	HeadDamaged HeadState = "damaged"
	HeadMissing HeadState = "missing"
)

// Report is what Verify found.
type Report struct {
	Files       []string  // that were read, the oldest first
	Lines       uint64    // in them
	First, Last uint64    // numbers of the first and the last line that were read
	Head        HeadState //
	Signed      bool      // the head is signed with a key that was given
	Checkpoints int       // that are
	Recovered   int       // recover events: a writer was killed there
	Dropped     int64     // events that are lost, by the drop events
	Before      uint64    // lines before the first, in older files that are not there or were not read
	Problems    []Problem // the first thousand
	More        int       // that are not listed
}

// Intact says that nothing is wrong.
func (r *Report) Intact() bool { return len(r.Problems) == 0 }

func (r *Report) add(p Problem) {
	const most = 1000
	if len(r.Problems) == most {
		r.More++
		return
	}
	r.Problems = append(r.Problems, p)
}
