package isolate

import (
	"os"
	"strconv"
	"strings"

	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/policy"
)

// environment is the clean one, the runtimes' hints, what the policy passes
// on, and what it sets: later wins.
func (r *run) environment() []string {
	e := env{}
	e.set("PATH=" + r.usualPath())
	for _, kv := range [...]string{"HOME=/box", "USER=jail", "LOGNAME=jail", "LANG=C.UTF-8", "TMPDIR=/tmp", "TERM=dumb"} {
		e.set(kv)
	}
	if r.policy.User == policy.UserRoot {
		for _, kv := range [...]string{"HOME=/root", "USER=root", "LOGNAME=root"} {
			e.set(kv)
		}
	}
	if img := r.layers.image; img != nil {
		for _, kv := range img.Config.Env {
			e.set(kv)
		}
	}
	if r.scratch != "" {
		e.set("HOME=" + r.scratch + "/box")
		e.set("TMPDIR=" + r.scratch + "/box")
	}
	r.hints(&e)
	for _, name := range r.policy.PassEnv {
		if v, ok := os.LookupEnv(name); ok {
			e.set(name + "=" + v)
		}
	}
	for _, kv := range r.policy.Env {
		e.set(kv)
	}
	return e.list
}

// usualPath is the PATH where nobody sets another.
func (r *run) usualPath() string {
	if r.layers.image != nil {
		return plan.DefaultPath
	}
	return r.machine.view.Path
}

// env is an environment in which a later value of a name replaces an earlier.
type env struct{ list []string }

func (e *env) set(kv string) {
	name, _, _ := strings.Cut(kv, "=")
	for i, old := range e.list {
		if strings.HasPrefix(old, name) && len(old) > len(name) && old[len(name)] == '=' {
			e.list[i] = kv
			return
		}
	}
	e.list = append(e.list, kv)
}

// hints tell the runtimes what they may use, since /proc shows them nothing:
// files can't be placed in a /proc that shows processes only.
func (r *run) hints(e *env) {
	cpus := strconv.Itoa(r.cpus())
	e.set("GOMAXPROCS=" + cpus)
	e.set("OMP_NUM_THREADS=" + cpus)
	e.set("PYTHON_CPU_COUNT=" + cpus)
	e.set("DOTNET_PROCESSOR_COUNT=" + cpus)
	m := int64(r.policy.Limits.Memory)
	if m <= 0 {
		return
	}
	mib := m >> 20
	e.set("GOMEMLIMIT=" + strconv.FormatInt(m*9/10, 10) + "B")
	e.set("JAVA_TOOL_OPTIONS=-XX:MaxRAM=" + strconv.FormatInt(m, 10) + " -XX:MaxRAMPercentage=" + javaHeap + " -XX:ActiveProcessorCount=" + cpus + " -Xshare:auto")
	e.set("NODE_OPTIONS=--max-old-space-size=" + strconv.FormatInt(max(mib*3/4, 16), 10))
}

// javaHeap is Java's share for its heap, in per cent: what it takes beside that,
// for code and threads, is some 80 MiB. By itself it would take a quarter.
const javaHeap = "65"

// cpus counts the CPUs that the program may run on.
func (r *run) cpus() int { return max(r.cores.now.Count(), 1) }
