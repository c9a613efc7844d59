package isolate

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func TestSmoke(t *testing.T) {
	argv := strings.Fields(os.Getenv("ARGV"))
	if len(argv) == 0 {
		argv = []string{"id"}
	}
	c := Command(nil, argv...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	err := c.Run()
	b, _ := json.Marshal(c.Result())
	t.Logf("%v\n%s", err, b)
}
