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
	said         [2][sha256.Size]byte // on standard output, on standard error
}

// Steady says what two good runs of the same have in common.
type Steady [2]bool

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

// OutcomeOf gives a run's, of which out and errs have carried the output.
func OutcomeOf(r *result.Result, out, errs *Tee) Outcome {
	o := Outcome{reason: r.Reason, code: -1}
	if r.ExitCode != nil {
		o.code = *r.ExitCode
	}
	if r.Signal != nil {
		o.signal = *r.Signal
	}
	for i, t := range [...]*Tee{out, errs} {
		t.sum.Sum(o.said[i][:0])
	}
	return o
}

// Succeeded says whether the program ended by itself, and with status 0.
func (o *Outcome) Succeeded() bool { return o.reason == result.Exited && o.code == 0 }

// Compare says what two good runs have both written.
func (o *Outcome) Compare(other Outcome) Steady {
	return Steady{o.said[0] == other.said[0], o.said[1] == other.said[1]}
}

// Like says whether a run ended like a good one: what it wrote is compared where
// that is steady.
func (o *Outcome) Like(good Outcome, s Steady) bool {
	for i, steady := range s {
		if steady && o.said[i] != good.said[i] {
			return false
		}
	}
	return o.reason == good.reason && o.code == good.code && o.signal == good.signal
}
