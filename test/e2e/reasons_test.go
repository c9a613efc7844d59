package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate/result"
)

// inGo are the reasons that need a signal at the right moment, and so a test in
// Go: signal_test.go.
var inGo = map[result.Reason]bool{result.Canceled: true, result.Internal: true}

func TestEveryReasonIsProducedByAScript(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	var all strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for _, r := range result.Reasons() {
		if !inGo[r.Reason] && !strings.Contains(all.String(), " reason "+string(r.Reason)+"\n") {
			t.Errorf("no script ends with reason %s", r.Reason)
		}
	}
}
