// Jaild does what jail needs a larger program for: it links libraries that would
// cost each start of jail some milliseconds. Jail hands over to it where it stands
// beside jail or in PATH, so that a user sees one command.
//
//	jaild doctor --delegate [--] [COMMAND [ARGUMENT…]]
//	jaild export [FLAGS] FILE
//	jaild image import|pull|verify|export|sign …
//	jaild help [export|image|state]
//	jaild version
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/rootfs/layer"
)

// Both are set by the linker, as jail's are.
var (
	version  = "devel"
	revision string
)

func main() { os.Exit(run(os.Args[1:])) }

// run gives the exit status: jail's own where nothing was started.
func run(args []string) int {
	switch {
	case len(args) == 1 && args[0] == "version":
		fmt.Printf("jaild %s (commit %s, %s %s/%s)\n", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return 0
	case len(args) >= 2 && args[0] == "doctor" && args[1] == "--delegate":
		return doctor(args[2:])
	case len(args) >= 1 && args[0] == "export":
		return exportCommand(args[1:])
	case len(args) == 2 && args[0] == layer.UnpackerName:
		return layer.Serve(args[1])
	case len(args) >= 1 && args[0] == "image":
		return imageCommand(args[1:])
	case len(args) >= 1 && args[0] == "state":
		return stateCommand(args[1:])
	case len(args) >= 2 && args[0] == "help" && args[1] == "image":
		return imageHelp(args[2:])
	case len(args) >= 2 && args[0] == "help" && args[1] == "state":
		return stateCommand(append(args[2:], "--help"))
	case slices.Equal(args, []string{"help", "export"}):
		return printed(os.Stdout, exportHelp())
	case len(args) == 1 && slices.Contains([]string{"help", "--help", "-help", "-h"}, args[0]):
		return printed(os.Stdout, rootHelp)
	}
	complain(&Error{Op: "read the command line", Object: fmt.Sprint(args), Err: errUsage, Hint: `"jaild help" lists what there is`})
	return result.StatusFailed
}

const rootHelp = `Jaild does what jail needs a larger program for. Jail hands over to it where it
stands beside jail or in PATH.

    jaild doctor --delegate [-- COMMAND]   what "jail doctor --delegate" does
    jaild export [FLAGS] FILE              give an audit log's events to other services
    jaild image import|pull|verify|…       what "jail image" does by these names
    jaild state commit|export|import       what "jail state" does by these names
    jaild help [export|image|state]
    jaild version
`

func printed(w io.Writer, text string) int {
	if _, err := io.WriteString(w, text); err != nil {
		complain(&Error{Op: "write to", Object: "standard output", Err: err})
		return result.StatusFailed
	}
	return 0
}

// doctor makes a scope, and runs a command in it, or says what it holds.
func doctor(args []string) int {
	if i := slices.Index(args, "--"); i == 0 {
		args = args[1:]
	}
	s, err := delegate()
	if err != nil {
		complain(err)
		return result.StatusFailed
	}
	if len(args) == 0 {
		return s.describe(os.Stdout)
	}
	if lack := s.lacks(); len(lack) > 0 {
		fmt.Fprintln(os.Stderr, "jaild: "+s.notGiven(lack)+`; "jail doctor --delegate" says how to get it`)
	}
	err = execute(args)
	complain(err)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, exec.ErrNotFound) {
		return result.StatusNotFound
	}
	return result.StatusNotExecuted
}

func complain(err error) { fmt.Fprintln(os.Stderr, "jaild: "+err.Error()) }
