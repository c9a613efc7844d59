package main

import (
	"encoding/json"
	"strings"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// mark is how a finding bears on launches.
type mark string

const (
	fine    mark = "ok"
	note    mark = "note"    // works, but less well
	missing mark = "missing" // a default launch does not work, or lacks a wall
)

// finding is one line of what the doctor says.
type finding struct {
	Name  string `json:"name"`
	Mark  mark   `json:"mark"`
	Value string `json:"value"`
	Mend  string `json:"mend"` // what to do; "" when nothing is wrong
}

// diagnosis is all that the doctor says.
type diagnosis struct {
	Works  bool      `json:"works"` // a launch with nothing but defaults succeeded
	Error  string    `json:"error"` // why not; "" when it works
	Host   []finding `json:"host"`
	Layers []finding `json:"layers"`
}

// doctorCommand is "jail doctor".
func doctorCommand(r *request) int {
	switch {
	case r.delegate:
		return handOver(append([]string{"doctor", "--delegate", "--"}, r.argv...)...)
	case len(r.argv) > 0:
		complain(&failure{op: r.argv[0], err: errUnexpected, hint: "jail doctor takes a command with --delegate alone"})
		return result.StatusFailed
	}
	d := diagnose()
	text := d.text()
	if r.asJSON {
		b, err := json.Marshal(d)
		if err != nil {
			complain(err)
			return 1
		}
		text = string(b) + "\n"
	}
	if status := printed(text); status != 0 || d.Works {
		return status
	}
	return 1
}

func diagnose() *diagnosis {
	d := &diagnosis{Host: examineHost(), Layers: []finding{}}
	res, err := tryLaunch(&policy.Policy{})
	d.Works = err == nil
	if err != nil {
		d.Error = err.Error()
		if res, err = tryLaunch(lenient()); err != nil {
			return d // no layer was reached, so nothing is known of any
		}
	}
	d.Layers = layersOf(res, d.Works)
	return d
}

// tryLaunch runs a program that does nothing.
func tryLaunch(p *policy.Policy) (*result.Result, error) {
	cmd := isolate.Command(p, "true")
	err := cmd.Run()
	return cmd.Result(), err
}

// lenient wants every layer where the host gives it.
func lenient() *policy.Policy {
	p := &policy.Policy{Layers: policy.Layers{}}
	for _, l := range policy.AllLayers() {
		if l.CanTry {
			p.Layers[l.Name] = policy.Try
		}
	}
	return p
}

// layersOf says of each layer what the tried jail read back. One that is absent
// though the launch works is a note: the defaults do without it.
func layersOf(res *result.Result, works bool) []finding {
	var list []finding
	for _, l := range policy.AllLayers() {
		w := res.Enforced.At(l.Name)
		f := finding{Name: string(l.Name), Mark: fine, Value: string(w.State) + ": " + w.Detail}
		switch {
		case w.State == result.StateEnforced:
		case works:
			f.Mark = note
		default:
			f.Mark, f.Mend = missing, "or go on without it: jail exec --try "+string(l.Name)
		}
		list = append(list, f)
	}
	return list
}

func (d *diagnosis) text() string {
	var b strings.Builder
	writeFindings(&b, "Host", d.Host)
	if len(d.Layers) > 0 {
		writeFindings(&b, "Layers, as a jail that was tried now read them back", d.Layers)
	}
	if d.Works {
		b.WriteString("A jail with nothing but defaults works here.\n")
	} else {
		b.WriteString("A jail with nothing but defaults does not work here: " + d.Error + "\n")
	}
	return b.String()
}

// writeFindings says a mend once, though it may be that of many findings.
func writeFindings(b *strings.Builder, title string, list []finding) {
	width, said := 0, ""
	for _, f := range list {
		width = max(width, len(f.Name)+2)
	}
	b.WriteString(title + "\n")
	for _, f := range list {
		b.WriteString("  " + pad(string(f.Mark), 9) + pad(f.Name, width) + f.Value + "\n")
		if f.Mend != "" && f.Mend != said {
			b.WriteString(pad("", 11+width) + "→ " + f.Mend + "\n")
			said = f.Mend
		}
	}
	b.WriteString("\n")
}
