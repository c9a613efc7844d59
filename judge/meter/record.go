// Package meter keeps account of what runs used: one JSON line a run, in a file
// that many jails append to at once. It holds tenants to budgets, and sums the
// lines up.
//
// What a kill at any instant leaves: a run that has begun stands in a table
// beside the file (FILE.runs) until its line is in the file. A run whose
// supervisor died is put into the file by whoever opens it next, as unfinished,
// and a report counts it even before. So each run that a program was started
// for has exactly one line, and no line is ever half there for a reader.
//
// Nothing is synced to the disk: what a process dies of loses nothing, a power
// cut may lose what the kernel had not written yet, as a rule the last half
// minute.
package meter

import (
	"encoding/json"
	"math/bits"
	"strconv"
	"time"

	"github.com/jailrun/jail/isolate/result"
)

// Schema is the value of every record's "schema". A field may be added under
// the same schema; one that changes its meaning or goes gets a new one.
const Schema = "jail.meter/v1"

// State says whether a run's usage is known.
type State string

// The states.
const (
	Finished   State = "finished"   // the supervisor saw the run's end
	Unfinished State = "unfinished" // the supervisor died before: all that was used is unknown
)

// Label is a word of the caller's that a run is filed under.
type Label struct{ Key, Value string }

// Record is what one run used. What the host could not tell is nil.
type Record struct {
	ID      string    // the result's id; of an unfinished run one of its own
	Start   time.Time // when the run began, just before its launch
	Tenant  string    // "" when none was named
	Labels  []Label
	State   State
	Reason  result.Reason // "" when unfinished
	Exit    *int          // status that the program exited with
	Signal  *int          // number of the signal that it died of
	Wall    *int64        // nanoseconds from exec to the end
	CPU     *int64        // nanoseconds of CPU time, of all tasks
	Memory  *int64        // bytes, the most at once
	IORead  *int64        // bytes read from block devices
	IOWrite *int64        // bytes written to block devices
	OOMs    *int64        // tasks that the out-of-memory killer ended
	Budget  string        // which budget's end ended the run: "cpu", "wall" or "memory"; "" for none
}

// fill takes over what a result says.
func (r *Record) fill(res *result.Result) {
	u := &res.Usage
	if res.ID != "" {
		r.ID = res.ID
	}
	r.State, r.Reason, r.Exit, r.Signal = Finished, res.Reason, res.ExitCode, res.Signal
	r.Wall, r.CPU, r.Memory = u.WallNS, u.CPUNS, u.MemoryPeakBytes
	r.IORead, r.IOWrite, r.OOMs = u.IOReadBytes, u.IOWriteBytes, u.OOMKills
}

// AppendLine appends the record's JSON form and a newline to b. Its keys are
// always all there, in one order. memory_byte_ns is the peak for the whole time
// on the clock: the most that the run can have held, since no host tells the
// integral itself.
func (r *Record) AppendLine(b []byte) []byte {
	b = appendText(b, `{"schema":`, Schema)
	b = appendText(b, `,"id":`, r.ID)
	b = appendText(b, `,"start":`, r.Start.UTC().Format(time.RFC3339Nano))
	b = appendText(b, `,"tenant":`, r.Tenant)
	b = appendLabels(append(b, `,"labels":`...), r.Labels)
	b = appendText(b, `,"state":`, string(r.State))
	b = appendWord(b, `,"reason":`, string(r.Reason))
	b = appendInt(b, `,"exit_code":`, r.Exit)
	b = appendInt(b, `,"signal":`, r.Signal)
	b = appendInt(b, `,"wall_ns":`, r.Wall)
	b = appendInt(b, `,"cpu_ns":`, r.CPU)
	b = appendInt(b, `,"memory_peak_bytes":`, r.Memory)
	b = appendProduct(b, `,"memory_byte_ns":`, r.Memory, r.Wall)
	b = appendInt(b, `,"io_read_bytes":`, r.IORead)
	b = appendInt(b, `,"io_write_bytes":`, r.IOWrite)
	b = appendInt(b, `,"oom_kills":`, r.OOMs)
	b = appendWord(b, `,"budget":`, r.Budget)
	return append(b, '}', '\n')
}

func appendLabels(b []byte, labels []Label) []byte {
	b = append(b, '{')
	for i, l := range labels {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, "", l.Key)
		b = appendText(b, ":", l.Value)
	}
	return append(b, '}')
}

// appendText writes a string. encoding/json is linked anyway, for policies.
func appendText(b []byte, key, s string) []byte {
	text, _ := json.Marshal(s) // no string fails
	return append(append(b, key...), text...)
}

// appendWord writes a word, or null where there is none.
func appendWord(b []byte, key, s string) []byte {
	if s == "" {
		return append(append(b, key...), "null"...)
	}
	return appendText(b, key, s)
}

func appendInt[T int | int64](b []byte, key string, n *T) []byte {
	b = append(b, key...)
	if n == nil {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, int64(*n), 10)
}

// appendProduct writes bytes times nanoseconds, which 64 bits do not hold: half
// a GiB for 17 s is more.
func appendProduct(b []byte, key string, x, y *int64) []byte {
	b = append(b, key...)
	if x == nil || y == nil || *x < 0 || *y < 0 {
		return append(b, "null"...)
	}
	hi, lo := bits.Mul64(uint64(*x), uint64(*y))
	return sum{lo, hi, 0}.append(b)
}
