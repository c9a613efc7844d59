package isolate

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// descendants lists pid and all below it, by /proc/PID/task/TID/children.
func descendants(pid int) []int {
	list := []int{pid}
	for i := 0; i < len(list) && len(list) < 4096; i++ {
		dir := "/proc/" + strconv.Itoa(list[i]) + "/task"
		tasks, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, t := range tasks {
			p, _ := os.ReadFile(dir + "/" + t.Name() + "/children")
			for s := range strings.FieldsSeq(string(p)) {
				if n, err := strconv.Atoi(s); err == nil {
					list = append(list, n)
				}
			}
		}
	}
	return list
}

// statFields gives the fields of /proc/PID/stat from the third on, proc_pid_stat(5):
// the second is the program's to choose, and ends at the last bracket. None, if
// the process is gone.
func statFields(pid int) []string {
	p, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil
	}
	return strings.Fields(string(p[bytes.LastIndexByte(p, ')')+1:]))
}

// statusField gives a field of /proc/PID/status, proc_pid_status(5), without the
// blanks around it, and whether it is there.
func statusField(status []byte, name string) (string, bool) {
	for line := range bytes.Lines(status) {
		if k, v, ok := bytes.Cut(line, []byte(":")); ok && string(k) == name {
			return string(bytes.TrimSpace(v)), true
		}
	}
	return "", false
}
