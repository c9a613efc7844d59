package learn

import (
	"crypto/sha256"
	"hash"
	"io"

	"github.com/jailrun/jail/isolate/result"
)

// Outcome is how a run ended, as far as two runs of the same can be compared.
type Outcome struct {
	reason       result.Reason
	code, signal int
	output       [sha256.Size]byte
}

// Tee passes a program's output on, and keeps what Outcome needs of it.
type Tee struct {
	to  io.Writer
	sum hash.Hash
}

// NewTee passes on to a writer; nil discards.
func NewTee(to io.Writer) *Tee {
	if to == nil {
		to = io.Discard
	}
	return &Tee{to, sha256.New()}
}

// Write passes p on.
func (t *Tee) Write(p []byte) (int, error) {
	t.sum.Write(p)
	return t.to.Write(p)
}

// OutcomeOf gives a run's.
func OutcomeOf(r *result.Result, t *Tee) Outcome {
	o := Outcome{reason: r.Reason, code: -1}
	if r.ExitCode != nil {
		o.code = *r.ExitCode
	}
	if r.Signal != nil {
		o.signal = *r.Signal
	}
	t.sum.Sum(o.output[:0])
	return o
}

// Succeeded says whether the program ended by itself, and with status 0.
func (o *Outcome) Succeeded() bool { return o.reason == result.Exited && o.code == 0 }

// Like says whether two runs ended alike. What they have written is compared where
// it is the same in every good run.
func (o *Outcome) Like(other Outcome, output bool) bool {
	return o.reason == other.reason && o.code == other.code && o.signal == other.signal && (!output || o.output == other.output)
}

// SameOutput says whether two runs have written the same.
func (o *Outcome) SameOutput(other Outcome) bool { return o.output == other.output }
