// Package arch holds the arrows of the house: which package may import which,
// and what the jail command may link.
package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/jailrun/jail/"

// house says which folders the packages of a folder may import, besides those
// below themselves and internal/. The longest matching folder holds.
var house = map[string][]string{
	"policy":         {},
	"policy/seccomp": {},
	"audit":          {},
	"rootfs":         {},
	"network":        {},
	"internal":       {},
	"isolate":        {"policy", "audit", "rootfs", "network"},
	"isolate/result": {"policy"},
	"learn":          {"isolate", "policy"},
	"judge":          {"isolate", "policy"},
	"plugin":         {"isolate", "policy"},
	"cmd/jail":       {"isolate", "policy", "audit", "rootfs", "network", "judge/meter", "learn"},
	"cmd/jaild":      {""},
	"examples":       {""},
	"fuzz":           {""},
	"test":           {""},
}

// heavy packages serve cmd/jaild alone: each costs every start of jail.
var heavy = []string{"rootfs/registry", "network/bridge", "audit/journald", "audit/syslog", "audit/otel", "audit/slogger", "audit/patterns"}

// linked is all that cmd/jail may link from elsewhere.
var linked = []string{
	"golang.org/x/sys/unix",
	"github.com/pelletier/go-toml/v2",
	"golang.org/x/mod/sumdb/note",
}

// slow are packages of the standard library that jail must not link: the first
// two cost start-up, the last would make the binary need a C library.
var slow = []string{"net/http", "crypto/tls", "runtime/cgo"}

type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Module     *struct {
		Path, Version, Dir string
		Main               bool
	}
}

// list returns the packages that match, with all they depend on, as they are
// built for release: without cgo and without tests.
func list(t *testing.T, patterns ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=ImportPath,Standard,Imports,Module"}, patterns...)...)
	cmd.Dir, cmd.Stderr = "../..", os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	all := decode(t, out)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("go list %v: %v", patterns, err)
	}
	return all
}

func decode(t *testing.T, r io.Reader) []pkg {
	t.Helper()
	var all []pkg
	for d := json.NewDecoder(r); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestPackagesImportOnlyWhatTheirFolderMay(t *testing.T) {
	for _, p := range list(t, "./...") {
		path, ours := strings.CutPrefix(p.ImportPath, module)
		if !ours {
			continue
		}
		folder := folderOf(path)
		if folder == "" {
			t.Errorf("%s is in no folder of the house", path)
			continue
		}
		for _, imported := range p.Imports {
			if other, ours := strings.CutPrefix(imported, module); ours && !may(folder, other) {
				t.Errorf("%s imports %s: %s may import only %v", path, other, folder, house[folder])
			}
		}
	}
}

func TestHeavyPackagesServeJaildAlone(t *testing.T) {
	for _, p := range list(t, "./...") {
		if path := strings.TrimPrefix(p.ImportPath, module); under(path, "cmd/jaild") || underAny(path, heavy) {
			continue
		}
		for _, imported := range p.Imports {
			if underAny(strings.TrimPrefix(imported, module), heavy) {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}
	}
}

func TestJailLinksOnlyTheAllowList(t *testing.T) {
	for _, p := range list(t, "./cmd/jail") {
		switch {
		case slices.Contains(slow, p.ImportPath):
			t.Errorf("cmd/jail links %s", p.ImportPath)
		case p.Standard, strings.HasPrefix(p.ImportPath, module), underAny(p.ImportPath, linked):
		default:
			t.Errorf("cmd/jail links %s, which is not on the allow-list", p.ImportPath)
		}
	}
}

func TestTheRulesSeeAWrongArrow(t *testing.T) {
	wrong := []struct{ from, to string }{
		{"policy", "rootfs"}, {"policy", "audit"}, {"rootfs", "policy"}, {"audit", "rootfs"},
		{"policy/seccomp", "policy"}, {"isolate/plan", "cmd/jail"}, {"isolate/result", "isolate"}, {"internal/size", "policy"},
	}
	for _, w := range wrong {
		if may(folderOf(w.from), w.to) {
			t.Errorf("%s might import %s", w.from, w.to)
		}
	}
}

// folderOf returns the longest folder of the house that holds a package.
func folderOf(path string) (longest string) {
	for folder := range house {
		if under(path, folder) && len(folder) > len(longest) {
			longest = folder
		}
	}
	return longest
}

func may(folder, imported string) bool {
	return under(imported, folder) || under(imported, "internal") || underAny(imported, house[folder])
}

func underAny(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return under(path, f) })
}

func under(path, folder string) bool {
	return folder == "" || path == folder || strings.HasPrefix(path, folder+"/")
}
