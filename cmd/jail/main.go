// Jail runs one untrusted program fully isolated.
//
//	jail exec [flags] [--] PROGRAM [ARGUMENT…]
//
// "jail help" lists the commands, and "jail help exec" every flag.
package main

import (
	"os"
	"strings"

	"github.com/jailrun/jail/isolate/result"
)

func main() {
	leaveOut()
	os.Exit(run(os.Args[1:]))
}

// run finds the command that args name, reads its flags, and runs it. It gives
// jail's exit status.
func run(args []string) int {
	if len(args) == 0 {
		return printHelp(&request{})
	}
	c := findCommand(args[0])
	if c == nil {
		complain(&failure{op: args[0], err: errUnknownCommand, hint: nearestCommand(args[0])})
		return result.StatusFailed
	}
	c, args = c.below(args[1:])
	r, err := c.parse(args)
	if err == nil {
		err = r.unmetered()
	}
	if err != nil {
		return c.misused(r, err)
	}
	if r.help {
		return printHelp(&request{argv: strings.Fields(c.name)})
	}
	return c.run(r)
}
