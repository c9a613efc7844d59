package safepath

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A program that shares the folder moves the one that is walked through.
func TestDotDotLeadsBackWhateverIsMoved(t *testing.T) {
	top := t.TempDir()
	must(t, os.MkdirAll(top+"/shared/a/b", 0o755))
	must(t, os.WriteFile(top+"/f", nil, 0o600))
	must(t, os.WriteFile(top+"/shared/f", nil, 0o600))
	var want unix.Stat_t
	must(t, unix.Stat(top+"/shared/f", &want))

	w := &walker{dir: -1, rest: top + "/shared/a/b/../../f"}
	must(t, w.start())
	defer w.forget()
	for {
		s, done, err := w.step()
		must(t, err)
		if strings.HasSuffix(w.seen, "/b/") {
			must(t, os.Rename(top+"/shared/a/b", top+"/shared/b"))
		}
		if done {
			defer unix.Close(s.dir)
			if s.st.Ino != want.Ino {
				t.Errorf("it led to file %d, not to %d", s.st.Ino, want.Ino)
			}
			return
		}
	}
}

func TestAPathThatTurnsBackIsWalked(t *testing.T) {
	for path, want := range map[string]bool{
		"": false, "f": false, "/a/f": false, "../f": false, "./../../f": false, "a..b/c..": false, "/../f": false,
		"a/..": true, "a/../f": true, "/a/./..//f": true, "../a/../f": true,
	} {
		if got := turnsBack(path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}
