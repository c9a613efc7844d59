package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/audit"
	"github.com/jailrun/jail/internal/escape"
	"github.com/jailrun/jail/isolate/result"
)

// auditRequest is what a command line asks of a log.
type auditRequest struct {
	keys   []string // public
	last   int
	follow bool
	filter audit.Filter
}

// statusNotIntact is that of a log with which something is wrong.
const statusNotIntact = 1

const tailPreset = 10

var auditVerifyFlags = [...]flagRow{
	{"key", "FILE", "check signatures with the public key in FILE; repeatable", "none", "host.key.pub", addAuditKey},
	objectFlag,
	helpFlag,
}

var auditTailFlags = [...]flagRow{
	{"n", "N", "print so many", strconv.Itoa(tailPreset), "20", setLast},
	{"follow", "", "wait for more", "", "", toggle(func(r *request) *bool { return &r.audit.follow })},
	helpFlag,
}

var auditExportFlags = [...]flagRow{
	{"json", "", "print one JSON array, which is what is done without a flag too", "", "", toggle(func(r *request) *bool { return &r.asJSON })},
	{"csv", "", "print comma-separated values", "", "", toggle(func(r *request) *bool { return &r.asCSV })},
	{"jail", "ID", "only of this jail", "all", "9f2c", value(func(r *request) *string { return &r.audit.filter.Jail })},
	{"type", "TYPE", "only of this type", "all", "denial", setAuditType},
	{"since", "TIME", "only from this time on: RFC 3339, or a time ago, as 90m", "all", "2026-11-30T10:00:00Z", setSince},
	helpFlag,
}

func auditVerbs() []command {
	return []command{
		{"audit verify", "FILE", "say whether a log was tampered with, and where", auditVerifyHelp, auditVerifyFlags[:], false, -1, auditVerify},
		{"audit tail", "FILE", "print a log's last entries", auditTailHelp, auditTailFlags[:], false, -1, auditTail},
		{"audit summary", "FILE", "count what a log has", auditSummaryHelp, objectFlags[:], false, -1, auditSummary},
		{"audit export", "FILE", "write a log in another form", auditExportHelp, auditExportFlags[:], false, -1, auditExport},
		{"audit key", "NAME FILE", "make a key pair to sign logs with", auditKeyHelp, plainFlags[:], false, -1, auditKey},
	}
}

// auditCommand is "jail audit" without a word that it knows.
func auditCommand(r *request) int { return unknownVerb(r, "audit", auditVerbs()) }

// unknownVerb names the words that a command can be followed by.
func unknownVerb(r *request, name string, verbs []command) int {
	var names []string
	for _, v := range verbs {
		names = append(names, strings.TrimPrefix(v.name, name+" "))
	}
	got, hint := "", "use jail "+name+" "+strings.Join(names, "|")
	if len(r.argv) > 0 {
		got = " " + r.argv[0]
		if best := nearest(r.argv[0], names); best != "" {
			hint = "did you mean jail " + name + " " + best + "?"
		}
	}
	complain(&failure{op: "jail " + name + got, err: errUnknownCommand, hint: hint})
	usage(findCommand(name))
	return result.StatusFailed
}

func setLast(r *request, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return &failure{op: "-n " + v, err: errNotNumber, hint: "for example -n 20"}
	}
	r.audit.last = n + 1 // 0 is unset
	return nil
}

func setAuditType(r *request, v string) error {
	var names []string
	for _, t := range audit.Types() {
		if string(t) == v {
			r.audit.filter.Type = t
			return nil
		}
		names = append(names, string(t))
	}
	return &failure{op: "--type " + v, err: errNotType, hint: "use one of " + strings.Join(names, ", ")}
}

func setSince(r *request, v string) error {
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		ago, e := time.ParseDuration(v)
		if e != nil || ago < 0 {
			return &failure{op: "--since " + v, err: errNotTime, hint: "write 2026-11-30T10:00:00Z, or how long ago, as 90m"}
		}
		t = time.Now().Add(-ago)
	}
	r.audit.filter.Since = t
	return nil
}

func addAuditKey(r *request, file string) error {
	text, err := readAuditKey(file)
	if err != nil {
		return err
	}
	if _, err := audit.ReadPublicKey(text); err != nil {
		var e *audit.Error
		if errors.As(err, &e) {
			e.Object = "--key " + file
		}
		return err
	}
	r.audit.keys = append(r.audit.keys, text)
	return nil
}

// log is the one file that a command line names.
func (r *request) log(verb string) (string, error) {
	example := "for example jail audit " + verb + " audit.jsonl"
	switch {
	case len(r.argv) == 0:
		return "", &failure{op: "audit " + verb, err: errNoLog, hint: example}
	case len(r.argv) > 1 && strings.HasPrefix(r.argv[1], "-"):
		return "", &failure{op: r.argv[1], err: errLate, hint: "write flags before it"}
	case len(r.argv) > 1:
		return "", &failure{op: r.argv[1], err: errOneLog, hint: example}
	}
	return r.argv[0], nil
}

// auditVerify is "jail audit verify".
func auditVerify(r *request) int {
	path, err := r.log("verify")
	var rep *audit.Report
	if err == nil {
		rep, err = audit.Verify(context.Background(), path, audit.VerifyOptions{Keys: r.audit.keys, Rotated: true})
	}
	if err == nil {
		err = printVerified(r, path, rep)
	}
	if err != nil {
		complain(err)
		return result.StatusFailed
	}
	if !rep.Intact() {
		return statusNotIntact
	}
	return 0
}

func printVerified(r *request, path string, rep *audit.Report) error {
	if r.asJSON {
		return json.NewEncoder(os.Stdout).Encode(struct {
			Intact bool `json:"intact"`
			*audit.Report
		}{rep.Intact(), rep})
	}
	var b strings.Builder
	for i := range rep.Problems {
		b.WriteString(rep.Problems[i].String() + "\n")
	}
	if rep.More > 0 {
		b.WriteString("and " + strconv.Itoa(rep.More) + " more\n")
	}
	word := "intact"
	if !rep.Intact() {
		word = "NOT intact"
	}
	b.WriteString(escape.All(path) + ": " + word + ": " + verifiedWords(rep, len(r.audit.keys) > 0) + "\n")
	_, err := os.Stdout.WriteString(b.String())
	return err
}

// verifiedWords says what was checked, and what was not.
func verifiedWords(rep *audit.Report, keyed bool) string {
	text := strconv.FormatUint(rep.Lines, 10) + " lines"
	if rep.Last > 0 {
		text += ", seq " + strconv.FormatUint(rep.First, 10) + " to " + strconv.FormatUint(rep.Last, 10)
	}
	if len(rep.Files) > 1 {
		text += ", in " + strconv.Itoa(len(rep.Files)) + " files"
	}
	if rep.Before > 0 {
		text += ", and " + strconv.FormatUint(rep.Before, 10) + " before them that are not here"
	}
	text += ", head " + string(rep.Head)
	switch {
	case rep.Signed:
		text += ", signed, with " + strconv.Itoa(rep.Checkpoints) + " checkpoints"
	case !keyed:
		text += ", no key was given"
	}
	if rep.Recovered > 0 {
		text += ", " + strconv.Itoa(rep.Recovered) + " times a writer was killed"
	}
	if rep.Dropped > 0 {
		text += ", " + strconv.FormatInt(rep.Dropped, 10) + " events were dropped"
	}
	return text
}

// auditTail is "jail audit tail".
func auditTail(r *request) int {
	path, err := r.log("tail")
	n, status := tailPreset, 0
	if r.audit.last > 0 {
		n = r.audit.last - 1
	}
	show := func(e *audit.Entry, bad error) error {
		if bad != nil {
			complain(bad)
			status = statusNotIntact
			return nil
		}
		_, err := os.Stdout.WriteString(e.Words() + "\n")
		return err
	}
	switch {
	case err != nil:
	case r.audit.follow:
		err = audit.Follow(context.Background(), path, n, nil, show)
	default:
		err = audit.Tail(path, n, nil, show)
	}
	if err != nil {
		complain(err)
		return result.StatusFailed
	}
	return status
}

// auditSummary is "jail audit summary".
func auditSummary(r *request) int {
	return r.eachOf("summary", func(w io.Writer) (func(*audit.Entry, []byte) error, func() error) {
		s := &audit.Summary{}
		end := func() error { return s.WriteTable(w) }
		if r.asJSON {
			end = func() error { return s.WriteJSON(w) }
		}
		return func(e *audit.Entry, _ []byte) error { s.Add(e); return nil }, end
	})
}

// auditExport is "jail audit export".
func auditExport(r *request) int {
	if r.asJSON && r.asCSV {
		complain(&failure{op: "--csv", err: errTwoForms, hint: "leave one out"})
		return result.StatusFailed
	}
	return r.eachOf("export", func(w io.Writer) (func(*audit.Entry, []byte) error, func() error) {
		out := audit.JSONArray(w)
		if r.asCSV {
			out = audit.CSV(w)
		}
		return func(e *audit.Entry, line []byte) error {
			if !r.audit.filter.Takes(e) {
				return nil
			}
			return out.Add(e, line)
		}, out.End
	})
}

// eachOf goes through a log, names the lines that are none, and writes what is made
// of the others.
func (r *request) eachOf(verb string, of func(io.Writer) (func(*audit.Entry, []byte) error, func() error)) int {
	w := bufio.NewWriter(os.Stdout)
	add, end := of(w)
	status := 0
	path, err := r.log(verb)
	if err == nil {
		err = audit.Each(context.Background(), path, nil, func(e *audit.Entry, line []byte, bad error) error {
			if bad != nil {
				complain(bad)
				status = statusNotIntact
				return nil
			}
			return add(e, line)
		})
	}
	if err == nil {
		err = end()
	}
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		complain(err)
		return result.StatusFailed
	}
	return status
}

// auditKey is "jail audit key".
func auditKey(r *request) int {
	if len(r.argv) != 2 {
		complain(&failure{op: "audit key", err: errNoKeyFile, hint: "for example jail audit key host-1 host.key"})
		return result.StatusFailed
	}
	if err := audit.WriteKey(r.argv[0], r.argv[1]); err != nil {
		complain(err)
		return result.StatusFailed
	}
	return printed(escape.All(r.argv[1]) + " is for the writers of logs alone, " + escape.All(r.argv[1]) + ".pub for whoever checks them\n")
}
