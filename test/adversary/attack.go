package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
)

// categories are the folders of attacks/, in the table's order.
var categories = []string{"kernel", "files", "identity", "processes", "network", "limits", "memory", "information", ofImages}

// attack is one way to breach a jail: a C program of its own.
type attack struct {
	category, name string
	source         string
	title          string
	proof          []string // how it is shown to succeed: see proofs
	flags          []string // of jail exec; {NAME} is what the attack is told by that name
	users          string   // "root": an ordinary user has what it takes nowhere; "ordinary": root has it already
	caller         []string // a command that starts jail, or the attack outside, in a state of its own
	terminal       bool     // it is run at a terminal
	toFile         bool     // its standard output is a file of the caller's
	groups         bool     // the caller is in supplementary groups
	after          string   // a file in {rw} that is there later only if something has outlived the run
}

// harmless says whether an attack may be made where nothing is known to hold it:
// what tries limits takes the host's own memory and processes where there are none.
func (a *attack) harmless() bool { return a.category != "limits" }

// isForPeers says whether an attack can be made on what holds it in jail's place, none of
// which has a store of jail's.
func (a *attack) isForPeers() bool { return a.harmless() && a.category != ofImages }

// isFor says whether an attack is made as a user.
func (a *attack) isFor(uid int) bool {
	return a.users == "" || (a.users == "root") == (uid == 0)
}

func (a *attack) String() string { return a.category + "/" + a.name }

// program is where build puts it.
func (a *attack) program(dir string) string { return filepath.Join(dir, a.category+"-"+a.name) }

// attacks finds those whose name matches.
func attacks(only *regexp.Regexp) ([]*attack, error) {
	var list []*attack
	for _, c := range categories {
		files, err := filepath.Glob(filepath.Join(sources(), c, "*.c"))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			a := &attack{category: c, name: strings.TrimSuffix(filepath.Base(f), ".c"), source: f}
			if !only.MatchString(a.String()) {
				continue
			}
			if err := a.parse(); err != nil {
				return nil, fmt.Errorf("%s: %w", f, err)
			}
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		return nil, errors.New("no attack matches")
	}
	return list, nil
}

// sources is the folder attacks/, beside this file.
func sources() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "attacks")
}

// parse reads the comment at the head of the source: a title, and what the
// runner has to know, each as "Key: words".
func (a *attack) parse() error {
	f, err := os.Open(a.source)
	if err != nil {
		return err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		line, comment := strings.CutPrefix(s.Text(), "//")
		if !comment {
			break
		}
		if err := a.line(strings.TrimSpace(line)); err != nil {
			return err
		}
	}
	if a.title == "" || a.proof == nil {
		return errors.New("the comment at its head lacks a title or a Proof")
	}
	return nil
}

func (a *attack) line(s string) error {
	key, value, _ := strings.Cut(s, ":")
	words := strings.Fields(value)
	switch key {
	case "Proof":
		a.proof = words
	case "Flags":
		a.flags = words
	case "Users":
		if a.users = strings.TrimSpace(value); a.users != "root" && a.users != "ordinary" {
			return fmt.Errorf("not a user of attacks, root or ordinary: %s", value)
		}
	case "Caller":
		a.caller = words
	case "Terminal":
		a.terminal = true
	case "Output":
		a.toFile = true
	case "Groups":
		a.groups = true
	case "After":
		a.after = strings.TrimSpace(value)
	default:
		if a.title == "" {
			a.title, _, _ = strings.Cut(s, ".")
		}
		return nil
	}
	if len(words) == 0 {
		return fmt.Errorf("%s: says nothing", key)
	}
	return nil
}

// build compiles the attacks, as many at once as there are cores.
func build(ctx context.Context, dir string, list []*attack) error {
	var all sync.WaitGroup
	errs := make([]error, len(list))
	turn := make(chan struct{}, runtime.NumCPU())
	for i, a := range list {
		all.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			errs[i] = a.compile(ctx, dir)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func (a *attack) compile(ctx context.Context, dir string) error {
	out, err := exec.CommandContext(ctx, "gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror",
		"-static", "-pthread", "-o", a.program(dir), a.source).CombinedOutput()
	if err != nil {
		return fmt.Errorf("compile %s: %w: %s", a.source, err, out)
	}
	return nil
}
