// Package rival says how bubblewrap is asked for what jail gives, for what
// measures the two side by side.
package rival

import "os"

// Bwrap are bubblewrap's arguments for the view that jail gives by default, as
// near as it can, with a further folder: it has no cgroup, no system call filter
// and no Landlock. The program and its arguments follow.
func Bwrap(folder string) []string {
	args := []string{"--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/usr", "/usr"}
	for _, path := range []string{"/etc/alternatives", "/etc/ssl", folder} {
		args = append(args, "--ro-bind-try", path, path)
	}
	for _, link := range []string{"/bin", "/sbin", "/lib", "/lib64"} {
		if to, err := os.Readlink(link); err == nil {
			args = append(args, "--symlink", to, link)
		}
	}
	return append(args, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/box", "--cap-drop", "ALL", "--clearenv")
}
