// Adversary runs every attack of attacks/ against a jail, and prints what came
// of it. An attack that gets nowhere outside of a jail proves nothing inside, so
// each is first seen to succeed there.
//
//	go run ./test/adversary [-jail FILE] [-peer NAME | -side | -depth | -steps [-step REGEXP]] [-only REGEXP] [-uid N] [-v]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
)

type options struct {
	jail    string
	only    *regexp.Regexp
	peer    *holder // to be attacked in jail's place
	verbose bool
	steps   bool              // leave out each step of a launch in turn
	step    func(string) bool // which of them
	base    string            // where the scene is set, "" for the usual place
	side    bool              // jail and its peers, side by side
	uid     int               // of the ordinary user
	depth   bool              // leave out each layer in turn
}

func main() {
	o, err := parseOptions(os.Args[1:])
	if err == flag.ErrHelp {
		return
	}
	if err != nil {
		fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, o)
	if err != nil {
		fail(err)
	}
	if !ok {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "adversary:", err)
	os.Exit(2)
}

func parseOptions(args []string) (options, error) {
	f := flag.NewFlagSet("adversary", flag.ContinueOnError)
	o := options{}
	f.StringVar(&o.jail, "jail", "bin/jail", "the jail to attack")
	only := f.String("only", "", "only attacks whose CATEGORY/NAME matches this regular expression")
	name := f.String("peer", "", "attack bwrap, firejail or podman in jail's place")
	f.BoolVar(&o.side, "side", false, "attack jail and each installed peer, and print a table in Markdown")
	f.BoolVar(&o.steps, "steps", false, "leave out each step of a launch in turn, and say what notices it")
	step := f.String("step", "", "of -steps, only those whose \"[VARIANT: ]PROCESS: STEP\" matches this regular expression")
	f.IntVar(&o.uid, "uid", nobody, "the ordinary user: firejail takes none that the system reserves")
	f.BoolVar(&o.depth, "depth", false, "leave out each layer in turn, in namespaces that are thrown away")
	f.BoolVar(&o.verbose, "v", false, "print every attack, not only what went wrong")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.peer, err = peer(*name); err != nil {
		return o, err
	}
	if o.only, err = regexp.Compile(*only); err != nil {
		return o, err
	}
	steps, err := regexp.Compile(*step)
	if err != nil {
		return o, err
	}
	o.step = steps.MatchString
	return o, nil
}

// prepare sets the scene and builds the attacks.
func prepare(ctx context.Context, o options) (*scene, []*attack, error) {
	list, err := attacks(o.only)
	if err != nil {
		return nil, nil, err
	}
	s, err := newScene(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	if err := build(ctx, s.dir, list); err != nil {
		s.close()
		return nil, nil, err
	}
	if err := s.furnish(ctx, list, o); err != nil {
		s.close()
		return nil, nil, err
	}
	return s, list, nil
}

// furnish makes what needs the attacks built, or is for some of them only.
func (s *scene) furnish(ctx context.Context, list []*attack, o options) error {
	if err := s.plant(list); err != nil {
		return err
	}
	if o.peer == nil && slices.ContainsFunc(list, func(a *attack) bool { return a.category == ofImages }) {
		return s.stock(ctx, o.jail)
	}
	return nil
}

// attackAll makes the attacks as each user.
func attackAll(ctx context.Context, o options) ([]outcome, error) {
	s, list, err := prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var all []outcome
	for _, uid := range s.users() {
		done, err := s.against(ctx, list, uid)
		if err != nil {
			return nil, err
		}
		all = append(all, done...)
	}
	return all, nil
}

// run reports whether every attack was held, and had proved something.
func run(ctx context.Context, o options) (bool, error) {
	switch {
	case o.depth:
		return runDepth(ctx, o)
	case o.steps:
		return runSteps(ctx, o)
	case o.side:
		return runSide(ctx, o)
	}
	all, err := attackAll(ctx, o)
	if err != nil {
		return false, err
	}
	if o.peer != nil {
		fmt.Printf("%s in jail's place. Attacks on limits are not made: they would be the host's.\n", o.peer.name)
	}
	return printTable(os.Stdout, all, o.verbose), nil
}
