package why

import "github.com/jailrun/jail/isolate/result"

// fact is one line of evidence.
type fact struct {
	name  string // by which the table of reasons calls it
	label string
	keys  []string // of the result
	show  func(*result.Result) string
}

var facts = [...]fact{
	{"ended", "ended by jail", []string{"evidence.killed"}, ended},
	{"signal", "signal", []string{"signal", "signal_name"}, signal},
	{"exit", "exit status", []string{"exit_code"}, statusOf},
	{"ran", "time on the clock", []string{"usage.wall_ns"}, ran},
	{"cpu", "CPU time", []string{"evidence.cpu_ns", "usage.cpu_ns", "limits.cpu_ns", "usage.cpu_source"}, cpu},
	{"parts", "of it", []string{"usage.user_ns", "usage.system_ns"}, parts},
	{"wall", "time on the clock", []string{"evidence.wall_ns", "usage.wall_ns", "limits.wall_ns"}, wall},
	{"throttled", "held back", []string{"usage.cpu_throttled_ns", "limits.cpu_max"}, throttled},
	{"noise", "host", []string{"usage.noisy"}, noisy},
	{"doing", "last words", []string{"evidence.last_words", "evidence.last_words_more"}, doing},
	{"idle", "idle window", []string{"limits.idle_ns"}, idle},
	{"memory", "memory peak", []string{"usage.memory_peak_bytes", "limits.memory_bytes", "usage.memory_source"}, memory},
	{"oom", "out-of-memory kills", []string{"evidence.oom_kills", "evidence.oom_victim"}, oom},
	{"met", "limit met", []string{"evidence.memory_failcnt"}, met},
	{"group", "group of jails", []string{"evidence.memory_group"}, group},
	{"left", "at the last look", []string{"usage.memory_anon_bytes", "usage.memory_file_bytes", "usage.memory_shmem_bytes", "usage.memory_kernel_bytes", "usage.memory_socket_bytes"}, left},
	{"tasks", "tasks at once", []string{"usage.pids_peak", "limits.pids"}, tasks},
	{"refused", "tasks refused", []string{"evidence.pids_max_events"}, refusedTasks},
	{"blocks", "room", []string{"evidence.box.blocks", "evidence.box.blocks_free", "limits.disk_bytes"}, blocks},
	{"inodes", "files", []string{"evidence.box.inodes", "evidence.box.inodes_free", "limits.inodes"}, inodes},
	{"state", "state", []string{"evidence.state.blocks", "evidence.state.blocks_free", "evidence.state.inodes", "evidence.state.inodes_free"}, stateRoom},
	{"stdout", "standard output", []string{"output.stdout_bytes", "output.stdout_truncated", "limits.output_bytes"}, stdout},
	{"stderr", "standard error", []string{"output.stderr_bytes", "output.stderr_truncated", "limits.output_bytes"}, stderr},
	{"file", "size of a file", []string{"evidence.file_size_limit_bytes"}, fileSize},
	{"call", "call", []string{"evidence.call"}, call},
	{"step", "step", []string{"evidence.setup"}, step},
	{"error", "error", []string{"error.text"}, failureText},
}

func factNamed(name string) *fact {
	for i := range facts {
		if facts[i].name == name {
			return &facts[i]
		}
	}
	return &fact{show: func(*result.Result) string { return "" }}
}
