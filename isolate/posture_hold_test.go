//go:build !guest

package isolate_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/jailrun/jail/test/posture"
)

var update = flag.Bool("update", false, "write the golden files anew")

func holdToGolden(t *testing.T, name string, got posture.Report) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(path, []byte(golden(got)), 0o644))
	}
	want, maybe, err := readGolden(path)
	must(t, err)
	for key, d := range posture.Changed(want, got) {
		if _, there := got[key]; !there && maybe[key] {
			continue
		}
		t.Errorf("%s: %s", key, d)
	}
}
