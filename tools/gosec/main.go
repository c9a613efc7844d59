// Gosec looks for known patterns of insecure Go, as a tool of "go vet", whose
// cache keeps what it found of packages that have not changed:
//
//	go vet -vettool=gosec ./...
//
// The library is used and not gosec's own command, which links the SDKs of three
// services that write text.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/securego/gosec/v2/goanalysis"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/unitchecker"
)

// excluded are the rules that jail is not held to. A single finding that is
// wrong is not excluded but marked where it stands: #nosec G000 -- reason.
var excluded = []struct{ rule, why string }{
	{"G103", "package unsafe is how system calls are made; go vet holds each use to unsafe.Pointer's own rules"},
	{"G104", "it can't tell a Close of a file that was written from one of an O_PATH descriptor, or on the way out of a failure: all 78 it found were such"},
	{"G115", "operands of system calls are 64-bit words whatever their type in C, and are turned into each other at every border to the kernel; sizes of users' are parsed within bounds, and fuzzed"},
}

func main() {
	gosec, err := shipped()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gosec:", err)
		os.Exit(1)
	}
	unitchecker.Main(gosec)
}

// shipped is gosec's analyzer without the excluded rules and the findings in
// tests, which write files that others may read and run what they have built on
// purpose, and with a finding for each mark that gives no reason.
func shipped() (*analysis.Analyzer, error) {
	a := goanalysis.Analyzer
	rules := make([]string, 0, len(excluded))
	for _, e := range excluded {
		rules = append(rules, e.rule)
	}
	if err := a.Flags.Set("exclude", strings.Join(rules, ",")); err != nil {
		return nil, err
	}
	only := *a
	only.Run = func(pass *analysis.Pass) (any, error) {
		report := pass.Report
		inner := *pass
		inner.Report = func(d analysis.Diagnostic) {
			if !isTest(pass, d) {
				report(d)
			}
		}
		unreasoned(&inner)
		return a.Run(&inner)
	}
	return &only, nil
}

func isTest(pass *analysis.Pass, d analysis.Diagnostic) bool {
	return strings.HasSuffix(pass.Fset.Position(d.Pos).Filename, "_test.go")
}

// unreasoned reports marks that name no rule or no reason.
func unreasoned(pass *analysis.Pass) {
	for _, file := range pass.Files {
		for _, group := range file.Comments {
			for _, c := range group.List {
				if !reasoned(c.Text) {
					pass.Reportf(c.Pos(), "a mark has the form #nosec G000 -- reason")
				}
			}
		}
	}
}

// reasoned says whether a comment is no mark, or one as it should be.
func reasoned(comment string) bool {
	_, mark, is := strings.Cut(comment, "#nosec")
	if !is {
		return true
	}
	rules, why, _ := strings.Cut(mark, "--")
	named := strings.Fields(rules)
	return len(named) > 0 && len(strings.Fields(why)) > 1 &&
		!slices.ContainsFunc(named, func(s string) bool { return len(s) != 4 || s[0] != 'G' })
}
