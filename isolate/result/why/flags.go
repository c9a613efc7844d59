package why

import (
	"strconv"
	"time"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate/result"
)

// raised are the flags of limits: which figure of the result each has, and how
// its value is written.
var raised = [...]struct {
	flag, arg string
	limit     func(*result.Limits) *int64
	show      func(int64) string
}{
	{"--cpu", "TIME", func(l *result.Limits) *int64 { return l.CPUNS }, asTime},
	{"--wall", "TIME", func(l *result.Limits) *int64 { return l.WallNS }, asTime},
	{"--idle", "TIME", func(l *result.Limits) *int64 { return l.IdleNS }, asTime},
	{"--memory", "SIZE", func(l *result.Limits) *int64 { return l.MemoryBytes }, asSize},
	{"--pids", "N", func(l *result.Limits) *int64 { return l.Pids }, asNumber},
	{"--output", "SIZE", func(l *result.Limits) *int64 { return l.OutputBytes }, asSize},
	{"--disk", "SIZE", func(l *result.Limits) *int64 { return l.DiskBytes }, asSize},
	{"--inodes", "N", func(l *result.Limits) *int64 { return l.Inodes }, asNumber},
	{"--file-size", "SIZE", func(l *result.Limits) *int64 { return l.FileSizeBytes }, asSize},
	{"--stack", "SIZE", func(l *result.Limits) *int64 { return l.StackBytes }, asSize},
}

func asTime(n int64) string   { return time.Duration(n).String() }
func asSize(n int64) string   { return size.Bytes(n).String() }
func asNumber(n int64) string { return strconv.FormatInt(n, 10) }

// flagFor writes a flag with twice the limit that held: enough to see whether it
// was the limit's fault. A flag of no limit stays as it is.
func flagFor(flag string, r *result.Result) string {
	for i := range raised {
		f := &raised[i]
		if f.flag != flag {
			continue
		}
		if l := f.limit(&r.Limits); l != nil && *l > 0 && *l < 1<<61 {
			return flag + " " + f.show(*l*2)
		}
		return flag + " " + f.arg
	}
	return flag
}

// flagDoc writes it as the docs do.
func flagDoc(flag string) string {
	for i := range raised {
		if raised[i].flag == flag {
			return flag + " " + raised[i].arg
		}
	}
	return flag
}
