// Runtests runs "go test -json" with the arguments it is given, prints what
// "go test -v" would without the chatter of tests that pass, and the count of
// tests. It fails when a test fails, and when a test is skipped for a reason
// that test/skips.txt does not name: a wall that nobody tests must be known.
//
//	go run ./test/runtests [-skips FILE] [go test's flags] PACKAGE...
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	skips, args := "test/skips.txt", os.Args[1:]
	if len(args) > 1 && args[0] == "-skips" {
		skips, args = args[1], args[2:]
	}
	ok, err := run(ctx, skips, args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "runtests:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run reports whether all tests passed and all skips are known.
func run(ctx context.Context, skips string, args []string) (bool, error) {
	known, err := readReasons(skips)
	if err != nil {
		return false, err
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	sum := newSummary(os.Stdout, known)
	readErr := sum.read(out)
	waitErr := cmd.Wait() // a failed test or build: the summary has said which
	if readErr != nil {
		return false, readErr
	}
	sum.print()
	return waitErr == nil && sum.ok(), nil
}
