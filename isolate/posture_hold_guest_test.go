//go:build guest

package isolate_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jailrun/jail/test/posture"
	"github.com/jailrun/jail/test/vm/job"
)

// holdToGolden tells in what a guest's kernel makes a report differ from the
// golden, which is of one kernel. The host holds it to what is kept.
func holdToGolden(t *testing.T, name string, got posture.Report) {
	t.Helper()
	want, maybe, err := readGolden(filepath.Join("testdata", name))
	must(t, err)
	lines := []string{"the same but for"}
	for key, d := range posture.Changed(want, got) {
		if _, there := got[key]; there || !maybe[key] {
			lines = append(lines, key+": "+d)
		}
	}
	slices.Sort(lines[1:])
	for _, line := range lines {
		fmt.Printf("%s %s %s %s\n", job.Mark, job.Golden, name, line)
	}
}
