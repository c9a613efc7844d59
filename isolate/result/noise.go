package result

// Noise is how the host disturbed a run, from the program's start to its end. It
// is looked at where a time is of interest: with a limit of CPU time (--cpu), or
// of cores (--cores).
type Noise struct {
	KeptNS       *int64        `json:"kept_ns"`        // time in which the program was ready to run and nothing of it ran, nanoseconds: others had its CPUs (cpu.pressure of its v2 group, full, less what its own --cpu-max held it back)
	WaitedNS     *int64        `json:"waited_ns"`      // without such a group: time for which the program's one thread waited for a CPU, nanoseconds, until the last look, some 50 ms before its end at most (/proc/PID/schedstat); null if it had more threads
	OthersNS     *int64        `json:"others_ns"`      // with a lease: CPU time on the leased CPUs that was not the jail's, nanoseconds (/proc/stat, in ticks of 10 ms)
	StealNS      *int64        `json:"steal_ns"`       // time that the hypervisor kept its CPUs for others, nanoseconds (/proc/stat, in ticks of 10 ms)
	HostCPUNS    *int64        `json:"host_cpu_ns"`    // time in which anything on the host waited for a CPU, nanoseconds (/proc/pressure/cpu, some)
	HostMemoryNS *int64        `json:"host_memory_ns"` // time in which nothing on the host could run for want of memory, nanoseconds (/proc/pressure/memory, full)
	HostIONS     *int64        `json:"host_io_ns"`     // time in which nothing on the host could run for the wait of a disk, nanoseconds (/proc/pressure/io, full)
	Causes       []Disturbance `json:"causes"`         // what makes the run a noisy one; empty if it is none
}

// Disturbance is one way in which a host disturbs a run.
type Disturbance string

// The disturbances.
const (
	DisturbedKept   Disturbance = "kept"   // kept_ns is above 1 ms and 2 % of the time on the clock
	DisturbedWaited Disturbance = "waited" // waited_ns is above 5 ms and 2 % of the time on the clock
	DisturbedOthers Disturbance = "others" // others_ns is above 30 ms and 5 % of the time that the leased CPUs had
	DisturbedSteal  Disturbance = "steal"  // steal_ns is above 10 ms and 1 % of the time that the CPUs had
	DisturbedMemory Disturbance = "memory" // host_memory_ns is above 10 ms and 5 % of the time on the clock, and the jail did not meet its own limit of memory
	DisturbedShared Disturbance = "shared" // cores.shared: other jails may have run on the same cores in spite of a lease
)
