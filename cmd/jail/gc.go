package main

import (
	"context"
	"os"
	"time"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
)

// gcPatience bounds the wait for killed processes to end: one in the kernel's
// disk sleep may take its time.
const gcPatience = 30 * time.Second

// gcCommand is "jail gc".
func gcCommand(*request) int {
	ctx, cancel := context.WithTimeout(context.Background(), gcPatience)
	defer cancel()
	removed, err := isolate.GC(ctx)
	text := ""
	for _, name := range removed {
		text += "removed " + name + "\n"
	}
	if text == "" && err == nil {
		text = "nothing to remove\n"
	}
	if _, e := os.Stdout.WriteString(text); err == nil {
		err = e
	}
	if err != nil {
		complain(err)
		return result.StatusFailed
	}
	return 0
}
