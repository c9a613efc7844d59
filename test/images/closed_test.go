package images

import (
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// withApp runs a test as root and not, each with the image app:v1.
func withApp(t *testing.T, test func(t *testing.T, u *user)) {
	dir := filepath.Join(public(t), "v1")
	must(t, image(small(t)...).Layout(dir))
	asRootAndNot(t, func(t *testing.T, u *user) {
		u.does(t, "image", "import", "--quiet", dir, "app:v1")
		test(t, u)
	})
}

// TestWhatAProgramHasClosedIsKeptLikeAllElse: a folder and a file of no rights are the
// caller's to measure, compare, back up and make an image of, and stay closed.
func TestWhatAProgramHasClosedIsKeptLikeAllElse(t *testing.T) {
	const (
		closes = "mkdir /srv /srv/d; dd if=/dev/zero of=/srv/d/big bs=1024 count=512 2>/dev/null; echo more >>/etc/kept; chmod 0 /etc/kept /srv/d/big /srv/d; sync"
		opens  = "ls -ld /etc/kept /srv/d | cut -c1-10; chmod 700 /srv/d /srv/d/big /etc/kept; wc -c </srv/d/big; cat /etc/kept"
		opened = "\n524288\nkept\nmore"
		closed = "----------\nd---------"
		lifted = "-r--------\ndr-x------" // an ordinary user's copies are such as he can read
	)
	withApp(t, func(t *testing.T, u *user) {
		u.says(t, "--image app:v1 --state work --state-size 16M", "sh", "-c", closes)
		u.keepsModes(t, func() {
			var all []struct {
				Disk int64 `json:"disk_bytes"`
			}
			must(t, json.Unmarshal([]byte(u.does(t, "state", "ls", "--json")), &all))
			if len(all) != 1 || all[0].Disk < 512<<10 {
				t.Errorf("%+v", all)
			}
			contains(t, u.does(t, "state", "diff", "work"), "/etc/kept", "/srv/d/big", "3 added, 1 changed")
			u.does(t, "state", "export", "work", "backup")
			u.does(t, "state", "commit", "work", "app:mine")
		})
		u.does(t, "image", "verify")
		u.does(t, "state", "import", "backup", "again")
		for _, from := range []string{"--state work", "--state again", "--image app:mine"} {
			modes := closed
			if u.uid != 0 && from != "--state work" {
				modes = lifted
			}
			wants(t, u.says(t, from, "sh", "-c", opens), modes+opened)
		}
	})
}

// keepsModes runs what must leave an ordinary user's state as it is.
func (u *user) keepsModes(t *testing.T, does func()) {
	t.Helper()
	at := filepath.Join(u.store(), "states", "work", "tree", "d0", "upper")
	modes := func() (m [2]uint32) {
		for i, name := range []string{"/etc/kept", "/srv/d"} {
			var st unix.Stat_t
			must(t, unix.Lstat(at+name, &st))
			m[i] = st.Mode & 0o7777
		}
		return m
	}
	if u.uid == 0 {
		does() // root's are on a disk of the state's own
		return
	}
	before := modes()
	does()
	if after := modes(); after != before || before != [2]uint32{} {
		t.Errorf("the modes were %o, and are %o", before, after)
	}
}

// TestARootThatIsClosedIsKeptToo: the top folder of what was changed.
func TestARootThatIsClosedIsKeptToo(t *testing.T) {
	withApp(t, func(t *testing.T, u *user) {
		u.says(t, "--image app:v1 --state work --state-size 16M", "sh", "-c", "echo mine >/etc/mine; chmod 0 /")
		contains(t, u.does(t, "state", "diff", "work"), "changed  folder        mode  /\n", "/etc/mine", "1 added, 1 changed")
		u.does(t, "state", "export", "work", "backup")
		u.does(t, "state", "commit", "work", "app:mine")
		u.does(t, "state", "import", "backup", "again")
		contains(t, u.does(t, "state", "diff", "again"), "/etc/mine")
		u.does(t, "image", "verify")
		u.does(t, "state", "discard", "work", "again")
	})
}

// TestWhoStopsReadingLeavesWhatIsClosed: a pipe whose reader has gone ends a listing, and
// nothing is said of it.
func TestWhoStopsReadingLeavesWhatIsClosed(t *testing.T) {
	withApp(t, func(t *testing.T, u *user) {
		u.says(t, "--image app:v1 --state work --state-size 16M", "sh", "-c", "mkdir -p /srv/d; i=0; while [ $i -lt 1500 ]; do : >/srv/d/a-name-that-fills-the-buffer-of-the-listing-$i; i=$((i+1)); done; echo more >>/etc/kept; chmod 0 /etc/kept /srv/d")
		u.keepsModes(t, func() {
			for _, verb := range [][]string{{"diff", "work"}, {"export", "work", "-"}} {
				c := u.command(append([]string{"state"}, verb...)...)
				out, err := c.StdoutPipe()
				must(t, err)
				var said bytes.Buffer
				c.Stderr = &said
				must(t, c.Start())
				_, err = io.ReadFull(out, make([]byte, 8))
				must(t, err)
				must(t, out.Close())
				if err := c.Wait(); c.ProcessState.ExitCode() != 128+int(unix.SIGPIPE) || said.Len() > 0 {
					t.Errorf("%s: %v, %q", verb[0], err, said.String())
				}
			}
		})
	})
}
