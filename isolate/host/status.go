package host

import "bytes"

// StatusField gives a field of the text of /proc/PID/status, proc_pid_status(5),
// without the blanks around it, and whether it is there.
func StatusField(status []byte, name string) (string, bool) {
	for line := range bytes.Lines(status) {
		if k, v, ok := bytes.Cut(line, []byte(":")); ok && string(k) == name {
			return string(bytes.TrimSpace(v)), true
		}
	}
	return "", false
}
