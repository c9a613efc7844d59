package audit

// fields is what goes over a detail's fields, in the order in which they stand in
// a line: one that writes them, one that reads them, one that prints them. So the
// keys, their order and their kinds are written down once.
type fields interface {
	text(key string, v *string)
	texts(key string, v *[]string)
	number(key string, v *int64)
	integer(key string, v *int)
	maybe(key string, v **int)
	words(key string, v *[]uint64)
}

func (d *Launch) visit(f fields) {
	f.texts("argv", &d.Argv)
	f.integer("uid", &d.UID)
	f.text("tenant", &d.Tenant)
	f.texts("labels", &d.Labels)
}

func (d *Exec) visit(f fields) {
	f.text("file", &d.File)
	f.texts("enforced", &d.Enforced)
}

func (d *Denial) visit(f fields) {
	f.text("layer", &d.Layer)
	f.text("syscall", &d.Syscall)
	f.text("object", &d.Object)
	f.words("args", &d.Args)
	f.text("errno", &d.Errno)
	f.number("count", &d.Count)
	f.text("rule", &d.Rule)
	f.text("fix", &d.Fix)
	f.number("first_ns", &d.FirstNS)
	f.number("last_ns", &d.LastNS)
}

func (d *Limit) visit(f fields) {
	f.text("name", &d.Name)
	f.number("limit", &d.Limit)
	f.number("value", &d.Value)
}

func (d *Verdict) visit(f fields) {
	f.text("reason", &d.Reason)
	f.maybe("exit_code", &d.ExitCode)
	f.maybe("signal", &d.Signal)
}

func (d *Kill) visit(f fields) { f.text("cause", &d.Cause) }

func (d *Cleanup) visit(f fields) {
	f.texts("removed", &d.Removed)
	f.text("error", &d.Error)
}

func (d *Tamper) visit(f fields) { f.text("what", &d.What) }

func (d *Drop) visit(f fields) { f.number("count", &d.Count) }

func (d *Recover) visit(f fields) {
	f.number("lines", &d.Lines)
	f.number("cut_bytes", &d.CutBytes)
	f.text("cut", &d.Cut)
}

func (d *Rotate) visit(f fields) { f.integer("kept", &d.Kept) }

func (d *Checkpoint) visit(f fields) { f.text("note", &d.Note) }
