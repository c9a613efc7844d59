package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jailrun/jail/test/vm/job"
)

// users' names in the table.
func who(uid int) string {
	if uid == 0 {
		return "root"
	}
	return "uid " + fmt.Sprint(uid)
}

// gives is the table of what each kernel gives to each user, in markdown: a
// column a user of a boot, a row a fact.
func gives(boots []*boot, kind job.Cgroups) string {
	names := factNames(boots, kind)
	if len(names) == 0 {
		return ""
	}
	table := [][]string{{""}, {"---"}}
	for _, n := range names {
		table = append(table, []string{n})
	}
	for _, b := range boots {
		if b.cgroups != kind {
			continue
		}
		for _, r := range b.rows {
			table[0], table[1] = append(table[0], b.tree.Series+" "+who(r.uid)), append(table[1], "---")
			for i, n := range names {
				table[i+2] = append(table[i+2], r.value(n))
			}
		}
	}
	return markdown(table)
}

// factNames are the rows, in the order in which they were first told.
func factNames(boots []*boot, kind job.Cgroups) (names []string) {
	seen := map[string]bool{}
	for _, b := range boots {
		for _, r := range b.rows {
			for _, f := range r.facts {
				if b.cgroups == kind && !seen[f.name] {
					seen[f.name] = true
					names = append(names, f.name)
				}
			}
		}
	}
	return names
}

func (r *row) value(name string) string {
	for _, f := range r.facts {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

// tests is the table of how the tests ended.
func tests(boots []*boot) string {
	table := [][]string{{"kernel", "cgroups", "user", "passed", "failed", "skipped", "core s"}, {"---", "---", "---", "---:", "---:", "---:", "---:"}}
	for _, b := range boots {
		for i, r := range b.rows {
			cpu := ""
			if i == 0 {
				cpu = fmt.Sprintf("%.0f", b.cpu.Seconds())
			}
			table = append(table, []string{b.tree.Release, string(b.cgroups), who(r.uid), fmt.Sprint(r.ok), fmt.Sprint(r.bad), fmt.Sprint(r.skips), cpu})
		}
	}
	return markdown(table)
}

// markdown lines the columns up.
func markdown(table [][]string) string {
	width := make([]int, len(table[0]))
	for _, line := range table {
		for i, cell := range line {
			width[i] = max(width[i], len(cell))
		}
	}
	var b strings.Builder
	for _, line := range table {
		for i, cell := range line {
			fill := " "
			if strings.HasPrefix(cell, "---") {
				fill = "-"
			}
			if right, ok := strings.CutSuffix(cell, ":"); ok && fill == "-" {
				fmt.Fprintf(&b, "| %s: ", right+strings.Repeat(fill, max(0, width[i]-len(cell))))
			} else {
				fmt.Fprintf(&b, "| %s ", cell+strings.Repeat(fill, width[i]-len(cell)))
			}
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// page is docs/kernels.md.
func page(boots []*boot) string {
	var b strings.Builder
	b.WriteString(pageHead + markdown(legend) + "\n")
	for _, k := range []struct {
		kind  job.Cgroups
		title string
	}{{job.CgroupsV2, "## On cgroup v2\n\n"}, {job.CgroupsHybrid, "## On cgroup v1\n\nThe v1 hierarchies that the kernel still has, and v2 beside them with what is left: Debian's kernels from 6.12 on have no v1 memory and cpuset.\n\n"}} {
		if t := gives(boots, k.kind); t != "" {
			b.WriteString(k.title + t + "\n")
		}
	}
	return b.String()
}

const lastRun = "## The last run\n\n"

// writePage writes the page, with when and with which kernels it was made.
func writePage(path string, boots []*boot, now time.Time) error {
	text := page(boots) + lastRun + now.UTC().Format("On 2 January 2006.") + " A shell script counts as one test. What is skipped where, and for want of which feature: [test/vm/skips.txt](../test/vm/skips.txt).\n\n" + tests(boots)
	return os.WriteFile(path, []byte(text), 0o644)
}

// checkPage holds a page to what the guests say, but for its last section.
func checkPage(path string, boots []*boot) (different []string, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: make test-vm UPDATE=1 writes it", err)
	}
	kept, _, _ := strings.Cut(string(b), lastRun)
	return difference(strings.Split(kept, "\n"), strings.Split(page(boots), "\n")), nil
}
