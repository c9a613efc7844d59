package learn

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/jailrun/jail/internal/escape"
	"github.com/jailrun/jail/policy"
)

// Text is the draft as a policy file, a line for each thing that it grants, with
// what needed it beside it.
func (d *Draft) Text(program string) (string, error) {
	base := *d.Base
	base.Files, base.View, base.Include = nil, policy.ViewNone, nil
	base.Seccomp.Allow = nil
	text, err := base.MarshalTOML()
	if err != nil {
		return "", err
	}
	top, tables := sections(string(text))
	var b strings.Builder
	fmt.Fprintf(&b, "# Learnt from %s. What is not here the program did without.\n", strconv.QuoteToASCII(program))
	for _, n := range d.Notes {
		b.WriteString("# " + plain(n) + "\n")
	}
	b.WriteString(top)
	d.files(&b)
	for _, t := range tables {
		if strings.HasPrefix(t, "[seccomp]") {
			t += d.calls()
		}
		if strings.Count(t, "\n") > 1 {
			b.WriteString("\n" + t)
		}
	}
	return b.String(), nil
}

// sections splits a policy's text into its plain keys and its tables, without what
// says no more than the default.
func sections(text string) (top string, tables []string) {
	for line := range strings.Lines(text) {
		switch {
		case strings.HasSuffix(line, " = false\n") || strings.HasSuffix(line, " = []\n") || line == "\n":
		case strings.HasPrefix(line, "swap = \"0\""):
		case line[0] == '[':
			tables = append(tables, line)
		case len(tables) == 0:
			top += line
		default:
			tables[len(tables)-1] += line
		}
	}
	return top, tables
}

func (d *Draft) files(b *strings.Builder) {
	b.WriteString("files = [\n")
	for _, f := range d.Base.Files {
		b.WriteString("  " + inline(f) + ", # asked for\n")
	}
	for _, l := range d.Lines {
		if l.Call == "" {
			b.WriteString("  " + inline(l.File) + ", # " + l.comment() + "\n")
		}
	}
	b.WriteString("]\n")
}

func (d *Draft) calls() string {
	text := ""
	for _, call := range d.Base.Seccomp.Allow {
		text += "  " + quote(call) + ", # asked for\n"
	}
	for _, l := range d.Lines {
		if l.Call != "" {
			text += "  " + quote(l.Call) + ", # " + l.comment() + "\n"
		}
	}
	if text == "" {
		return ""
	}
	return "allow = [\n" + text + "]\n"
}

func (l *Line) comment() string {
	if l.Wide != "" {
		return plain(l.Why + "; beyond the default: " + l.Wide)
	}
	return plain(l.Why)
}

func inline(f policy.File) string {
	s := "{ kind = " + quote(string(f.Kind))
	for _, kv := range [...][2]string{{"source", f.Source}, {"target", f.Target}, {"to", f.To}, {"reason", f.Reason}} {
		if kv[1] != "" && !(kv[0] == "target" && kv[1] == f.Source) {
			s += ", " + kv[0] + " = " + quote(kv[1])
		}
	}
	if f.Optional {
		s += ", optional = true"
	}
	if f.Size > 0 {
		s += ", size = " + quote(f.Size.String())
	}
	return s + " }"
}

// quote writes a TOML string (TOML 1.0, Basic strings).
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r > 0xffff && !strconv.IsPrint(r):
			fmt.Fprintf(&b, `\U%08x`, r)
		case !strconv.IsPrint(r): // what turns the order of a line is none either
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

// plain keeps a comment on its line.
func plain(s string) string {
	return strings.ReplaceAll(escape.All(s), `\"`, `"`)
}
