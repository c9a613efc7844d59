package isolate

import (
	"io"
	"testing"
)

// What was never launched must not keep its caller waiting at a pipe.
func TestAFailedStartEndsItsPipes(t *testing.T) {
	c := Command(nil)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if c.Start() == nil {
		t.Fatal("a command without a program was started")
	}
	if _, err := in.Write([]byte{1}); err == nil {
		t.Error("somebody still holds the other end of standard input")
	}
	if n, err := out.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("standard output gives %d, %v, not its end", n, err)
	}
}

func TestACmdMadeWithoutCommandRuns(t *testing.T) {
	c := &Cmd{Args: []string{"true"}}
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
}
