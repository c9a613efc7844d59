package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/isolate/result/why"
)

// whyCommand is "jail why".
func whyCommand(r *request) int {
	w := bufio.NewWriter(os.Stdout)
	err := r.explainFiles(w)
	if e := w.Flush(); err == nil {
		err = e
	}
	if err != nil {
		complain(err)
		if errors.Is(err, errNoResultFile) {
			usage(findCommand("why"))
		}
		return result.StatusFailed
	}
	return 0
}

// explainFiles explains the results of all files, up to the first mistake.
func (r *request) explainFiles(w *bufio.Writer) error {
	if len(r.argv) == 0 {
		return &failure{op: "why", err: errNoResultFile, hint: "for example jail exec --json result.json -- ./a.out; jail why result.json"}
	}
	for _, name := range r.argv {
		if len(name) > 1 && strings.HasPrefix(name, "-") {
			return &failure{op: name, err: errFlagLate, hint: "write flags before the files, or ./" + name + " for a file of that name"}
		}
	}
	told := false
	for _, name := range r.argv {
		if err := r.explainFile(w, name, &told); err != nil {
			return err
		}
	}
	return nil
}

func (r *request) explainFile(w *bufio.Writer, name string, told *bool) error {
	f, called := os.Stdin, "standard input"
	if name != "-" {
		var err error
		if f, err = safepath.OpenInput(name, linkIsOurs); err != nil {
			return err
		}
		defer f.Close()
		called = name
	}
	results := result.NewReader(f, called)
	for {
		one, err := results.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		e := why.Explain(one)
		e.Unknown(results.Unknown())
		if err := r.writeExplanation(w, e, *told); err != nil {
			return err
		}
		*told = true
	}
}

// writeExplanation separates texts for a person by a line.
func (r *request) writeExplanation(w *bufio.Writer, e *why.Explanation, told bool) error {
	if r.asJSON {
		b, err := e.AppendJSON(nil)
		if err == nil {
			_, err = w.Write(b)
		}
		return err
	}
	text := e.Text()
	if told {
		text = "\n" + strings.Repeat("-", 72) + "\n\n" + text
	}
	_, err := w.WriteString(text)
	return err
}
