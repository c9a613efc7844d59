package main

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jailrun/jail/audit"
	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/policy"
)

var (
	errNoAudit    = errors.New("says nothing without an audit log")
	errNoVariable = errors.New("is set by no --env or --pass-env, so there is no value to keep out")
	errIsAudit    = errors.New("is the audit log")
)

// auditing is the log of one run, and what is kept out of it and of the result.
// Its zero value writes nothing.
type auditing struct {
	log      *audit.Log
	redactor *audit.Redactor
}

// openAudit opens the log before anything is launched.
func (r *request) openAudit(p *policy.Policy) (a auditing, err error) {
	var secrets []string
	if secrets, a.redactor, err = r.redaction(p); err != nil {
		return a, err
	}
	if r.auditTo == "" {
		if r.auditKey != "" {
			err = &failure{op: "--audit-key", err: errNoAudit, hint: "add --audit audit.jsonl"}
		}
		return a, err
	}
	o := audit.Options{Redact: secrets, Patterns: r.redactForm, Follow: linkIsOurs}
	if o.Key, err = readAuditKey(r.auditKey); err != nil {
		return a, err
	}
	a.log, err = audit.Open(r.auditTo, o)
	return a, err
}

// redaction is what keeps secrets out of what is written, and those that have names.
func (r *request) redaction(p *policy.Policy) (secrets []string, to *audit.Redactor, err error) {
	if secrets, err = r.secrets(p); err == nil {
		to, err = audit.NewRedactor(secrets, r.redactForm...)
	}
	return secrets, to, err
}

// secrets are the values of the variables that are to be kept out of all that jail
// writes. One without a value is nothing to find.
func (r *request) secrets(p *policy.Policy) (list []string, err error) {
	for _, name := range r.redact {
		value, set := "", slices.Contains(p.PassEnv, name)
		if set {
			value = os.Getenv(name)
		}
		for _, kv := range p.Env {
			if v, is := strings.CutPrefix(kv, name+"="); is {
				value, set = v, true
			}
		}
		if !set {
			return nil, &failure{op: "--redact", object: name, err: errNoVariable, hint: "name a variable that the program gets"}
		}
		if value != "" {
			list = append(list, value)
		}
	}
	return list, nil
}

// mostKey bounds a key's file.
const mostKey = 4096

func readAuditKey(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	f, err := safepath.OpenInput(file, linkIsOurs)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostKey))
	return strings.TrimSpace(string(text)), err
}

// watch has the run told to the log.
func (a auditing) watch(cmd *isolate.Cmd, r *request) {
	cmd.Redact = a.redactor
	if a.log == nil {
		return
	}
	cmd.Audit, cmd.Tenant = a.log, r.tenant
	for _, l := range r.labels {
		cmd.Labels = append(cmd.Labels, l.Key+"="+l.Value)
	}
}

// auditPatience is how long a log may take to be written: its lock is another's for as
// long as that writes.
const auditPatience = 10 * time.Second

// close writes what is left. It comes before the result is told: what anybody has
// heard of stands in the log.
func (a auditing) close() error {
	if a.log == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), auditPatience)
	defer cancel()
	return a.log.Close(ctx)
}
