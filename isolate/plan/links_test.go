package plan

import (
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate/tape"
	"golang.org/x/sys/unix"
)

func TestNoSourceIsTakenThroughALink(t *testing.T) {
	for name, in := range map[string]*Input{"root": files(true), "user": files(false), "large": large(true), "a user's large": large(false)} {
		p, trees := compiled(t, in), 0
		for i := range p.Ops {
			o := &p.Ops[i]
			if o.Call != unix.SYS_OPEN_TREE || isDevice(p, o.Args[1]) {
				continue
			}
			if trees++; o.Args[2]&unix.AT_SYMLINK_NOFOLLOW == 0 {
				t.Errorf("%s: op %d (%s) follows a link", name, i, o.Step)
			}
		}
		if trees < 5 {
			t.Errorf("%s: only %d trees are taken", name, trees)
		}
	}
}

// isDevice knows the nodes of the host's /dev, in which only root makes links.
func isDevice(p *Plan, addr uint64) bool {
	s, _ := p.CString(addr)
	return contains("/dev", s)
}

// large is a host whose named files come out of their folder's overlay.
func large(root bool) *Input {
	in := files(root)
	in.Folders = []Folder{{Path: "/home/x/work", Fd: -1}}
	if root {
		in.Folders[0].Fd = 43
	}
	in.Named[0].Folder, in.Named[1].Folder = 0, -1
	return in
}

func TestASourceIsOpenedAtItsRealPath(t *testing.T) {
	in := files(false)
	in.Sources[0].Real = "/data/work"
	p := compiled(t, in)
	if s, _ := p.CString(p.Ops[at(t, p, tape.Init, "open /data/work")].Args[1]); s != "/data/work" {
		t.Errorf("opens %s", s)
	}
}

func TestACopyOfAFileThatGrowsHasAnEnd(t *testing.T) {
	in := large(true)
	in.Named[0].Size = 1000
	p, most := compiled(t, in), uint64(0)
	for i := range p.Ops {
		if o := &p.Ops[i]; o.Call == unix.SYS_SENDFILE && strings.HasSuffix(o.Step, "/box/a.py") {
			if most += o.Args[3]; o.Pos >= 0 {
				t.Errorf("op %d (%s) is repeated", i, o.Step)
			}
		}
	}
	if most < 1000 || most > 2*(1000+copySlack) {
		t.Errorf("%d bytes of 1000 are copied at most", most)
	}
}
