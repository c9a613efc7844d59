package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// goldens is the folder of what guests said before, a folder a kernel below it.
type goldens struct {
	dir    string
	update bool
}

// changing is what differs from boot to boot, and what stands for it.
var changing = []struct {
	of *regexp.Regexp
	as string
}{
	{regexp.MustCompile(`:\[\d+\]`), ":[N]"},
	{regexp.MustCompile(`host uid \d+`), "host uid N"},
	{regexp.MustCompile(`CLOCK_BOOTTIME is [^ ",;]+`), "CLOCK_BOOTTIME is TIME"},
	{regexp.MustCompile(`jail-\d+-\d+-\d+`), "jail-N"},
	{regexp.MustCompile(`session keyring \d+`), "session keyring N"},
	{regexp.MustCompile(`/jobs/\d+`), "/jobs/N"},
	{regexp.MustCompile(`(from rootfs, .*)size=\d+k,nr_inodes=\d+`), "${1}size=SIZE"}, // of the guest's archive
}

// steady makes a guest's line comparable. The kernel's release changes with
// each of its security updates.
func steady(line, release string) string {
	line = strings.ReplaceAll(line, release, "RELEASE")
	for _, c := range changing {
		line = c.of.ReplaceAllString(line, c.as)
	}
	return line
}

// path is where a file of one guest and user is kept.
func (g goldens) path(b *boot, uid int, name string) string {
	return filepath.Join(g.dir, b.tree.Series, fmt.Sprintf("%s-%d-%s", b.cgroups, uid, name))
}

// hold compares what a guest said with what is kept, and gives the differences;
// or keeps it.
func (g goldens) hold(b *boot, uid int, name string, lines []string) (different []string, err error) {
	path := g.path(b, uid, name)
	for i := range lines {
		lines[i] = steady(lines[i], b.tree.Release)
	}
	if g.update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		return nil, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644)
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: make test-vm UPDATE=1 writes it", err)
	}
	return difference(strings.Split(strings.TrimSuffix(string(kept), "\n"), "\n"), lines), nil
}

// difference lists the lines of one side that the other lacks.
func difference(want, got []string) (d []string) {
	for _, s := range missing(want, got) {
		d = append(d, "- "+s)
	}
	for _, s := range missing(got, want) {
		d = append(d, "+ "+s)
	}
	return d
}

func missing(of, in []string) (lacking []string) {
	there := map[string]int{}
	for _, s := range in {
		there[s]++
	}
	for _, s := range of {
		if there[s]--; there[s] < 0 {
			lacking = append(lacking, s)
		}
	}
	return lacking
}
