package main

import (
	"context"
	"io"
	"os"
)

const standardInput = "standard input"

// readInput reads standard input. It ends with the context too: nothing else ends the read
// of a pipe that nobody writes to.
func readInput(ctx context.Context, from *os.File) io.Reader {
	r, w := io.Pipe()
	go func() {
		_, err := io.Copy(w, from)
		if err != nil {
			err = inputError(err)
		}
		w.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { w.CloseWithError(inputError(context.Cause(ctx))) })
	return r
}

func inputError(err error) error {
	return &Error{Op: "read", Object: standardInput, Err: unwrapped(err)}
}
