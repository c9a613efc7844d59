package audit

import (
	"cmp"
	"time"

	"github.com/jailrun/jail/internal/safepath"
)

// Sync says when a log is synced to its disk.
type Sync int

// What Sync can be.
const (
	SyncNever Sync = iota // the kernel writes it when it likes: a power cut may lose the last half minute
	SyncFlush             // at each Flush and Close
	SyncEach              // at each write
)

// Options say how a log is written. The zero value is a log without a key that
// never rotates.
type Options struct {
	Key        string          // private key (GenerateKey), which signs head and checkpoints; "" for none
	Checkpoint int             // with a key: lines between checkpoints; 0: 1000
	MaxSize    int64           // FILE becomes FILE.1 before it would grow larger; 128 KiB or more, 0: never
	Keep       int             // older files that are kept, the others are removed; 0: all
	Sync       Sync            // when it is synced to its disk
	Linger     time.Duration   // how long an event may wait for others before it is written; 0: 50 ms; less: until Flush, Close or a queue that is half full
	Events     int             // that wait at most; 0: 4096
	Bytes      int             // of them; 0: 1 MiB
	Redact     []string        // secrets that no line may show
	Patterns   []Pattern       // what is secret by its form
	Follow     safepath.Follow // which links on the way to FILE may be followed
}

// leastSize has room for how a file begins, and for any line.
const leastSize = 2 * MostLine

// The values of options that are not given.
const (
	presetCheckpoint = 1000
	presetLinger     = 50 * time.Millisecond
	presetEvents     = 4096
	presetBytes      = 1 << 20
)

// fill checks the options, and sets what was not given.
func (o *Options) fill() error {
	for _, v := range [...]struct {
		name  string
		value int64
	}{{"Checkpoint", int64(o.Checkpoint)}, {"MaxSize", o.MaxSize}, {"Keep", int64(o.Keep)}, {"Events", int64(o.Events)}, {"Bytes", int64(o.Bytes)}} {
		if v.value < 0 {
			return &Error{Object: v.name, Err: ErrOption, Hint: "give it 0 or more"}
		}
	}
	if o.MaxSize > 0 && o.MaxSize < leastSize {
		return &Error{Object: "MaxSize", Err: ErrOption, Hint: "give it 128 KiB or more, or 0 for no bound"}
	}
	if o.Sync < SyncNever || o.Sync > SyncEach {
		return &Error{Object: "Sync", Err: ErrOption, Hint: "use SyncNever, SyncFlush or SyncEach"}
	}
	o.Checkpoint = cmp.Or(o.Checkpoint, presetCheckpoint)
	o.Linger = cmp.Or(o.Linger, presetLinger)
	o.Events = cmp.Or(o.Events, presetEvents)
	o.Bytes = cmp.Or(o.Bytes, presetBytes)
	return nil
}
