package policy

import (
	"math"
	"strconv"
	"time"

	"github.com/jailrun/jail/internal/size"
)

// limit is one row of the limits: its key in files (and, with '-' for '_', its
// option), where its value is kept, and what stands there when nothing was
// said. The type of the field decides how it is read, checked and printed.
type limit struct {
	key    string
	field  func(*Limits) any // *time.Duration, *size.Bytes, *Swap, *int64, *Percent, *string, *Sizes, *Counts or *Action
	preset int64
}

// limits holds every limit, in the order in which they are printed.
var limits = [...]limit{
	{"cpu", func(l *Limits) any { return &l.CPU }, Unlimited},
	{"wall", func(l *Limits) any { return &l.Wall }, Unlimited},
	{"idle", func(l *Limits) any { return &l.Idle }, Unlimited},
	{"memory", func(l *Limits) any { return &l.Memory }, int64(512 * size.MiB)},
	{"swap", func(l *Limits) any { return &l.Swap }, 0},
	{"memory_high", func(l *Limits) any { return &l.MemoryHigh }, Unlimited},
	{"hugetlb", func(l *Limits) any { return &l.HugeTLB }, 0},
	{"rdma", func(l *Limits) any { return &l.RDMA }, 0},
	{"pids", func(l *Limits) any { return &l.Pids }, 128},
	{"cpu_max", func(l *Limits) any { return &l.CPUMax }, Unlimited},
	{"cpu_weight", func(l *Limits) any { return &l.CPUWeight }, 0},
	{"io_weight", func(l *Limits) any { return &l.IOWeight }, 0},
	{"io_read_bps", func(l *Limits) any { return &l.IOReadBPS }, 0},
	{"io_write_bps", func(l *Limits) any { return &l.IOWriteBPS }, 0},
	{"io_read_ops", func(l *Limits) any { return &l.IOReadOps }, 0},
	{"io_write_ops", func(l *Limits) any { return &l.IOWriteOps }, 0},
	{"output", func(l *Limits) any { return &l.Output }, int64(64 * size.MiB)},
	{"disk", func(l *Limits) any { return &l.Disk }, int64(256 * size.MiB)},
	{"inodes", func(l *Limits) any { return &l.Inodes }, 65536},
	{"file_size", func(l *Limits) any { return &l.FileSize }, Unlimited},
	{"stack", func(l *Limits) any { return &l.Stack }, int64(8 * size.MiB)},
	{"open_files", func(l *Limits) any { return &l.OpenFiles }, 1024},
	{"cores", func(l *Limits) any { return &l.Cores }, 0},
	{"pids_action", func(l *Limits) any { return &l.PidsAction }, 0},
	{"disk_action", func(l *Limits) any { return &l.DiskAction }, 0},
}

var actions = [...]Action{ActionErrno, ActionKill}

// resolve puts its default into every limit that is zero.
func (l *Limits) resolve() {
	if l.Wall == 0 && l.CPU > 0 {
		l.Wall = wallFor(l.CPU)
	}
	for i := range limits {
		fill(limits[i].field(l), limits[i].preset)
	}
}

// wallFor is 2×cpu+1s: a program that waits for its own children or disk takes
// longer than its CPU time, and one that hangs still ends. It saturates.
func wallFor(cpu time.Duration) time.Duration {
	if cpu > (math.MaxInt64-time.Second)/2 {
		return math.MaxInt64
	}
	return 2*cpu + time.Second
}

func fill(field any, preset int64) {
	switch f := field.(type) {
	case *time.Duration:
		orDefault(f, time.Duration(preset))
	case *size.Bytes:
		orDefault(f, size.Bytes(preset))
	case *int64:
		orDefault(f, preset)
	case *Percent:
		orDefault(f, Percent(preset))
	case *Sizes:
		*f = Sizes(lastOfEach(string(*f)))
	case *Counts:
		*f = Counts(lastOfEach(string(*f)))
	case *Action:
		orDefault(f, ActionErrno)
	}
}

func orDefault[T comparable](v *T, preset T) {
	var zero T
	if *v == zero {
		*v = preset
	}
}

// merge copies every limit that over sets, and adds to lists.
func (l *Limits) merge(over *Limits) {
	for i := range limits {
		switch to, from := limits[i].field(l), limits[i].field(over); f := from.(type) {
		case *time.Duration:
			override(to.(*time.Duration), *f)
		case *size.Bytes:
			override(to.(*size.Bytes), *f)
		case *int64:
			override(to.(*int64), *f)
		case *string:
			override(to.(*string), *f)
		case *Swap:
			override(to.(*Swap), *f)
		case *Percent:
			override(to.(*Percent), *f)
		case *Sizes:
			add(to.(*Sizes), *f)
		case *Counts:
			add(to.(*Counts), *f)
		case *Action:
			override(to.(*Action), *f)
		}
	}
}

// override sets v unless over is the zero value, which says nothing.
func override[T comparable](v *T, over T) {
	var zero T
	if over != zero {
		*v = over
	}
}

// set parses text into a limit's field.
func set(field any, text string) (err error) {
	switch f := field.(type) {
	case *time.Duration:
		return assign(f, text, parseDuration)
	case *size.Bytes:
		return assign(f, text, parseSize)
	case *int64:
		return assign(f, text, parseCount)
	case *string:
		return assign(f, text, parseCores)
	case *Swap:
		return assign(f, text, parseSwap)
	case *Percent:
		return assign(f, text, parsePercent)
	case *Sizes:
		return assign(f, text, parseSizes)
	case *Counts:
		return assign(f, text, parseCounts)
	case *Action:
		return setEnum(f, text, actions[:])
	}
	return nil
}

func assign[T any](v *T, text string, parse func(string) (T, error)) error {
	got, err := parse(text)
	if err == nil {
		*v = got
	}
	return err
}

// setEnum sets v to one of the allowed words.
func setEnum[T ~string](v *T, text string, allowed []T) error {
	if text == "" {
		return fault("", ErrMissing, "use "+orList(words(allowed)))
	}
	if err := oneOf(T(text), allowed); err != nil {
		return err
	}
	*v = T(text)
	return nil
}

// check says what is wrong with a limit's value, whoever set it.
func check(field any) error {
	switch f := field.(type) {
	case *time.Duration:
		return notNegative(int64(*f), f.String())
	case *size.Bytes:
		return notNegative(int64(*f), f.String())
	case *int64:
		return notNegative(*f, size.Bytes(*f).String())
	case *string:
		return checkCores(*f)
	case *Swap:
		return notNegative(int64(*f), f.String())
	case *Percent:
		return notNegative(int64(*f), f.String())
	case *Sizes:
		return f.check()
	case *Counts:
		return f.check()
	case *Action:
		return oneOf(*f, actions[:])
	}
	return nil
}

func notNegative(n int64, text string) error {
	if n < Unlimited {
		return fault(text, ErrNegative, `set a limit above 0, or Unlimited ("unlimited")`)
	}
	return nil
}

// possible says why no kernel could launch under a limit's value, since it would
// fail there with a riddle.
func (l *limit) possible(in *Limits) error {
	switch l.key {
	case "memory":
		return enough(int64(in.Memory), 64*size.KiB, "no program starts with less")
	case "stack":
		return enough(int64(in.Stack), 16*size.KiB, "no program starts with less")
	case "disk":
		return enough(int64(in.Disk), 4*size.KiB, "it is counted in pages of that many bytes")
	case "open_files":
		return enough(in.OpenFiles, 16, "a launch itself needs some")
	case "pids":
		return fewerThanAll(in.Pids)
	}
	return l.possibleShare(in)
}

// mostPids is the kernel's PID_MAX_LIMIT, above which pids.max takes nothing
// (include/linux/threads.h).
const mostPids = 1 << 22

func fewerThanAll(n int64) error {
	if n > mostPids {
		return fault(strconv.FormatInt(n, 10), ErrTooLarge, "no kernel has more than "+strconv.Itoa(mostPids)+` processes and threads (PID_MAX_LIMIT): set at most that, or "unlimited"`)
	}
	return nil
}

// enough refuses a limit below the least under which anything runs: the kernel
// would end it with a riddle, and twice the limit would end it so too.
func enough(n int64, least size.Bytes, why string) error {
	if n > 0 && n < int64(least) {
		return fault(size.Bytes(n).String(), ErrValue, why+": set "+least.String()+" at least")
	}
	return nil
}

// limitRow finds a limit by its key.
func limitRow(key string) *limit {
	for i := range limits {
		if limits[i].key == key {
			return &limits[i]
		}
	}
	return nil
}

func limitKeys() []string {
	keys := make([]string, len(limits))
	for i := range limits {
		keys[i] = limits[i].key
	}
	return keys
}
