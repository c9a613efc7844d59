package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// later starts the jail of its arguments where mounts are shared, as they are on
// most hosts, mounts something over the folder that the jail shows once the
// program runs, and has the program look. It fails unless the host sees it.
const later = `
	dir=$1; shift
	mkfifo go || exit 9
	exec 3<>go
	"$@" <&3 | {
		read word && mount -t tmpfs none "$dir" && touch "$dir/mounted-later" && chmod 777 "$dir" || exit 9
		ls "$dir" | sed 's/^/host: /'
		echo go >&3
		cat
	}`

// What the host mounts below a shown folder while a program runs, a medium
// perhaps, was never granted, and would be writable behind --ro.
func TestWhatTheHostMountsLaterIsNotShown(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("feature root: not run as root")
	}
	for _, uid := range []int{0, nobody} {
		for _, flag := range []string{"--ro", "--rw"} {
			t.Run(strconv.Itoa(uid)+flag, func(t *testing.T) {
				dir := openDir(t)
				shown := filepath.Join(dir, "shown")
				if err := os.MkdirAll(filepath.Join(shown, "media"), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.Chown(shown, uid, uid); err != nil {
					t.Fatal(err)
				}
				media := filepath.Join(shown, "media")
				id := strconv.Itoa(uid)
				c := exec.Command("unshare", "--mount", "--propagation", "shared", "sh", "-c", later, "sh", media,
					"setpriv", "--reuid", id, "--regid", id, "--clear-groups", built, "exec", "--quiet", flag, shown, "--",
					"sh", "-c", "echo here; read go; ls "+media+" | sed 's/^/jail: /'")
				c.Dir = dir
				out, err := c.CombinedOutput()
				text := string(out)
				if err != nil || !strings.Contains(text, "host: mounted-later") {
					t.Fatalf("the host does not see what it mounts: %v\n%s", err, text)
				}
				if strings.Contains(text, "jail: mounted-later") {
					t.Errorf("the jail shows it too:\n%s", text)
				}
			})
		}
	}
}
