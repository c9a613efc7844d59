package main

import (
	"cmp"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jailrun/jail/internal/escape"
	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/result"
)

// psCommand is "jail ps".
func psCommand(r *request) int {
	jails, err := running()
	if err == nil && r.asJSON {
		err = psJSON(jails)
	} else if err == nil {
		_, err = os.Stdout.WriteString(table(jails, nil))
	}
	if err != nil {
		complain(err)
		return result.StatusFailed
	}
	return 0
}

// running lists the jails that run: what a killed one has left is for jail gc.
func running() ([]cgroup.Running, error) {
	jails, _, err := isolate.Running()
	return slices.DeleteFunc(jails, func(j cgroup.Running) bool { return j.PID == 0 && j.Owner.OwnerGone() }), err
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// table is the list of jails; rates gives each a share of CPU where one is known.
func table(jails []cgroup.Running, rates map[string]float64) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	head := "JAIL\tGROUP\tPID\tTASKS\tMEMORY\tCPU\t"
	if rates != nil {
		head += "%CPU\t"
	}
	_, _ = w.Write([]byte(head + "PROGRAM\n")) // to a string: it fails never
	for i := range jails {
		j := &jails[i]
		line := j.Owner.String() + "\t" + escape.All(cmp.Or(j.Set, "-")) + "\t" + itoa(int64(j.PID)) + "\t" + figures(j) + "\t"
		if rates != nil {
			line += strconv.FormatFloat(rates[j.Owner.String()], 'f', 1, 64) + "\t"
		}
		_, _ = w.Write([]byte(line + programOf(j.PID) + "\n"))
	}
	_ = w.Flush()
	return b.String()
}

// figures are tasks, memory and CPU time, as far as this host can tell.
func figures(j *cgroup.Running) string {
	tasks, memory, cpu := "?", "?", "?"
	if j.Pids != nil {
		tasks = itoa(*j.Pids)
	}
	if j.Memory != nil {
		memory = inMiB(*j.Memory)
	}
	if j.CPU != nil {
		cpu = j.CPU.Round(10 * time.Millisecond).String()
	}
	return tasks + "\t" + memory + "\t" + cpu
}

func inMiB(n int64) string {
	return strconv.FormatFloat(float64(n)/float64(size.MiB), 'f', 1, 64) + "M"
}

// programOf is a process's command line, fit for a terminal: what a program calls
// itself can hold anything.
func programOf(pid int) string {
	if pid <= 0 {
		return "-"
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err != nil || len(b) == 0 {
		return "-"
	}
	const most = 60
	s := strings.TrimRight(strings.ReplaceAll(string(b), "\x00", " "), " ")
	return escape.All(s[:min(len(s), most)])
}

// listed is a jail as "jail ps --json" prints it.
type listed struct {
	Jail        string `json:"jail"`
	Supervisor  int    `json:"supervisor"`
	Group       string `json:"group"`
	PID         int    `json:"pid"`
	Program     string `json:"program"`
	Tasks       *int64 `json:"tasks"`
	MemoryBytes *int64 `json:"memory_bytes"`
	CPUNS       *int64 `json:"cpu_ns"`
}

func psJSON(jails []cgroup.Running) error {
	all := make([]listed, 0, len(jails))
	for i := range jails {
		j := &jails[i]
		l := listed{Jail: j.Owner.String(), Supervisor: j.Owner.PID, Group: j.Set, PID: j.PID, Program: programOf(j.PID), Tasks: j.Pids, MemoryBytes: j.Memory}
		if j.CPU != nil {
			l.CPUNS = new(int64(*j.CPU))
		}
		all = append(all, l)
	}
	return json.NewEncoder(os.Stdout).Encode(all)
}
