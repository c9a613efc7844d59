package main

import (
	"cmp"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/judge/meter"
	"github.com/jailrun/jail/policy"
)

func setTenant(r *request, v string) error {
	r.tenant = v
	if err := meter.CheckTenant(v); err != nil {
		return &failure{op: "--tenant", err: err}
	}
	return nil
}

func addLabel(r *request, v string) error {
	l, err := meter.ParseLabel(v)
	if err == nil {
		r.labels, err = meter.AddLabel(r.labels, l)
	}
	if err != nil {
		return &failure{op: "--label", err: err}
	}
	return nil
}

// unmetered refuses what says nothing without a meter file.
func (r *request) unmetered() error {
	flag := ""
	switch {
	case r.meter != "":
		return nil
	case r.tenant != "" && r.auditTo == "":
		flag = "--tenant"
	case len(r.labels) > 0 && r.auditTo == "":
		flag = "--label"
	case r.budget != "":
		flag = "--budget"
	default:
		return nil
	}
	return &failure{op: flag, err: errNoMeter, hint: "add --meter usage.jsonl"}
}

// isKept refuses an output that would empty the meter file, or be written into
// it.
func (r *request) isKept(flag, file string) error {
	if r.meter == "" || file == "" || !isOneFile(r.meter, file) {
		return nil
	}
	return &failure{op: flag + " " + file, err: errIsMeter, hint: "name another file"}
}

// isOneFile also knows a file that is yet to be made, by its path.
func isOneFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	if errX == nil && errY == nil {
		return os.SameFile(x, y)
	}
	a, errX = filepath.Abs(a)
	b, errY = filepath.Abs(b)
	return errX == nil && errY == nil && a == b
}

// overwrites refuses an output over a file that is read, or kept.
func (r *request) overwrites(flag, file string) error {
	return cmp.Or(r.isInput(flag, file), r.isKept(flag, file), r.isAudited(flag, file))
}

// isAudited refuses an output that would empty the audit log, or its head.
func (r *request) isAudited(flag, file string) error {
	if r.auditTo == "" || file == "" || !isOneFile(r.auditTo, file) && !isOneFile(r.auditTo+".head", file) {
		return nil
	}
	return &failure{op: flag + " " + file, err: errIsAudit, hint: "name another file"}
}

// begin writes the run down, if that is asked for, and lowers its limits to what
// its tenant's budget leaves. It gives nil where nothing is metered.
func (r *request) begin(p *policy.Policy) (*meter.Run, error) {
	if r.meter == "" {
		return nil, nil
	}
	o := meter.Options{
		File: r.meter, Follow: linkIsOurs, Tenant: r.tenant, Labels: r.labels,
		Limits: p.Resolve(policy.Caller{Root: os.Geteuid() == 0}).Limits,
	}
	if r.budget != "" {
		var err error
		if o.Budgets, err = meter.LoadBudgets(r.budget); err != nil {
			return nil, err
		}
	}
	m, err := meter.Begin(o)
	if err == nil {
		m.Lower(&p.Limits)
	}
	return m, err
}

// writeDown ends the metering of a run. It comes before the result is told: what
// anybody has heard of stands in the file.
func writeDown(m *meter.Run, cmd *isolate.Cmd) error {
	switch res := cmd.Result(); {
	case m == nil:
		return nil
	case res == nil: // canceled before there was anything to cancel
		m.Drop()
		return nil
	default:
		return m.End(res)
	}
}

// account tells of the metering, behind all that is told of the run, and gives
// the exit status.
func (r *request) account(m *meter.Run, err error, status int) int {
	switch {
	case err != nil:
		complain(err)
		return result.StatusFailed
	case m == nil:
	case !r.quiet && m.Ended() != "":
		say(m.Ended())
	}
	return status
}

// meterWords says what would be written down.
func (r *request) meterWords() (string, error) {
	if r.meter == "" {
		return "", nil
	}
	text := "Meter: one line to " + r.meter
	if r.tenant != "" {
		text += ", for tenant " + r.tenant
	}
	for _, l := range r.labels {
		text += ", " + l.Key + "=" + l.Value
	}
	text = strings.Map(printable, text)
	if r.budget == "" {
		return text + "\n", nil
	}
	b, err := meter.LoadBudgets(r.budget)
	if err != nil {
		return "", err
	}
	return text + "\nBudget: " + cmp.Or(b.Words(r.tenant), "none, so it would be refused") + " (" + r.budget + ")\n", nil
}

var meterFlags = [...]flagRow{
	{"by", "KEYS", "sum up by these: tenant, day (of UTC, when the run began) and label:KEY, with commas", "tenant", "tenant,day,label:course", setKeys},
	{"price", "FILE", "add the cost, by the prices in FILE (TOML)", "none", "prices.toml", value(func(r *request) *string { return &r.price })},
	{"json", "", "print one JSON array of groups", "", "", toggle(func(r *request) *bool { return &r.asJSON })},
	{"csv", "", "print comma-separated values", "", "", toggle(func(r *request) *bool { return &r.asCSV })},
	helpFlag,
}

func setKeys(r *request, v string) (err error) {
	r.keys, err = meter.ParseKeys(v)
	return err
}

// statusBadLines is that of a report without some lines.
const statusBadLines = 1

// meterCommand is "jail meter report".
func meterCommand(r *request) int {
	rep, err := r.sumUp()
	if err == nil {
		err = r.printReport(rep)
	}
	if err != nil {
		complain(err)
		return result.StatusFailed
	}
	bad, more := rep.Bad()
	for _, e := range bad {
		complain(e)
	}
	if more > 0 {
		say("and " + strconv.Itoa(more) + " more lines that are no records")
	}
	if len(bad) > 0 {
		return statusBadLines
	}
	return 0
}

func (r *request) sumUp() (*meter.Report, error) {
	if len(r.argv) == 0 {
		return nil, &failure{op: "meter report", err: errNoMeterFile, hint: "for example jail meter report usage.jsonl"}
	}
	if r.asJSON && r.asCSV {
		return nil, &failure{op: "--csv", err: errTwoForms, hint: "leave one out"}
	}
	for _, file := range r.argv {
		if strings.HasPrefix(file, "--") {
			return nil, &failure{op: file, err: errFlagLate, hint: "write flags before the files, or ./" + file + " for a file of that name"}
		}
	}
	keys := r.keys
	if keys == nil {
		keys = []meter.Key{meter.ByTenant}
	}
	var prices *meter.Prices
	if r.price != "" {
		var err error
		if prices, err = meter.LoadPrices(r.price); err != nil {
			return nil, err
		}
	}
	rep := meter.NewReport(keys, prices)
	for _, file := range r.argv {
		if err := rep.AddFile(file, nil); err != nil {
			return nil, err
		}
	}
	return rep, nil
}

func (r *request) printReport(rep *meter.Report) error {
	switch {
	case r.asJSON:
		return rep.WriteJSON(os.Stdout)
	case r.asCSV:
		return rep.WriteCSV(os.Stdout)
	}
	return rep.WriteTable(os.Stdout)
}
