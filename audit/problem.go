package audit

import (
	"strconv"

	"github.com/jailrun/jail/internal/escape"
)

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
	File string `json:"file"`
	Line int    `json:"line"` // in the file, from 1; 0 when no line is to blame
	Seq  uint64 `json:"seq"`  // the line's number in the log, 0 when not known
	Kind Kind   `json:"kind"`
	Text string `json:"text"`
}

// String reads `audit.jsonl:17: edited: its hash is not what line 18 says`.
func (p *Problem) String() string {
	s := escape.Name(p.File)
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
	Files       []string  `json:"files"`       // that were read, the oldest first
	Lines       uint64    `json:"lines"`       // in them
	First       uint64    `json:"first_seq"`   // number of the first line that was read
	Last        uint64    `json:"last_seq"`    // and of the last
	Before      uint64    `json:"seq_before"`  // lines before the first, in older files that are not there or were not read
	Head        HeadState `json:"head"`        // how FILE.head stands to them
	Signed      bool      `json:"signed"`      // the head is signed with a key that was given
	Checkpoints int       `json:"checkpoints"` // that are
	Recovered   int       `json:"recovered"`   // recover events: a writer was killed there
	Dropped     int64     `json:"dropped"`     // events that are lost, by the drop events
	Problems    []Problem `json:"problems"`    // the first thousand
	More        int       `json:"more"`        // that are not listed
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
