package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/jailrun/jail/internal/size"
)

// Digest is "sha256:" and the hash of the policy's canonical text, which is
// what MarshalTOML prints. Equal for policies that resolve to the same; take it
// of a resolved policy, since what is left to a default isn't in it otherwise.
func (p *Policy) Digest() string {
	sum := sha256.Sum256(p.appendTOML(make([]byte, 0, 2048)))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// MarshalTOML prints a policy as a file that Load reads back: from a resolved
// one, to the same Digest. The one thing that such a file can't hold is a
// string that is not UTF-8 (a path or a variable of a flag): ErrNotUTF8. What
// an Include names is not printed; Load has merged it.
func (p *Policy) MarshalTOML() ([]byte, error) {
	text := p.appendTOML(make([]byte, 0, 2048))
	if !utf8.Valid(text) {
		return nil, &Error{Err: ErrNotUTF8, Value: firstNotUTF8(p), Hint: "a policy file can't hold it; rename it, or keep the flag"}
	}
	return text, nil
}

// WriteResolved writes MarshalTOML's text to w.
func (p *Policy) WriteResolved(w io.Writer) error {
	text, err := p.MarshalTOML()
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

func firstNotUTF8(p *Policy) string {
	all := slices.Concat([]string{p.Chdir, p.Hostname, p.Group}, p.Env, p.PassEnv)
	for _, f := range p.Files {
		all = append(all, f.Source, f.Target, f.Reason)
	}
	for _, s := range all {
		if !utf8.ValidString(s) {
			return s
		}
	}
	return ""
}

// appendTOML writes by hand: a launch takes its digest from this, and must not
// pay for a TOML library. Plain keys come first, as TOML wants it.
func (p *Policy) appendTOML(b []byte) []byte {
	b = appendPair(b, "profile", string(p.Profile))
	b = appendPair(b, "net", string(p.Net))
	b = appendPair(b, "view", string(p.View))
	b = appendPair(b, "image", p.Image)
	b = appendPair(b, "root", string(p.Root))
	b = appendPair(b, "state", p.State)
	b = appendBounded(b, "state_size", int64(p.StateSize), p.StateSize.String())
	b = appendPair(b, "user", string(p.User))
	b = appendPair(b, "denials", string(p.Denials))
	b = appendPair(b, "chdir", p.Chdir)
	b = appendPair(b, "hostname", p.Hostname)
	b = appendPair(b, "group", p.Group)
	b = appendPair(b, "verify", string(p.Verify))
	b = appendStrings(b, "env", p.Env)
	b = appendStrings(b, "pass_env", p.PassEnv)
	if len(p.Capabilities) > 0 {
		b = appendStrings(b, "capabilities", p.Capabilities)
	}
	b = p.Layers.appendTOML(b)
	b = p.Limits.appendTOML(b)
	b = append(b, "\n[seccomp]\n"...)
	b = appendPair(b, "on_suspicious", string(p.Seccomp.OnSuspicious))
	if p.Seccomp.KillAfter > 0 {
		b = append(strconv.AppendInt(append(b, "kill_after = "...), p.Seccomp.KillAfter, 10), '\n')
	}
	b = appendStrings(b, "allow", p.Seccomp.Allow)
	b = append(b, "\n[hardware]\n"...)
	b = appendBool(b, "core_scheduling", p.Hardware.CoreScheduling)
	b = appendBool(b, "speculation_control", p.Hardware.SpeculationControl)
	for i := range p.Files {
		b = p.Files[i].appendTOML(b)
	}
	return b
}

func (ls Layers) appendTOML(b []byte) []byte {
	b = append(b, "\n[layers]\n"...)
	for i := range layers {
		b = appendPair(b, string(layers[i].Name), string(ls[layers[i].Name]))
	}
	return b
}

func (l Limits) appendTOML(b []byte) []byte {
	b = append(b, "\n[limits]\n"...)
	for i := range limits {
		b = appendLimit(b, limits[i].key, limits[i].field(&l))
	}
	return b
}

func appendLimit(b []byte, key string, field any) []byte {
	switch f := field.(type) {
	case *time.Duration:
		return appendBounded(b, key, int64(*f), f.String())
	case *size.Bytes:
		return appendBounded(b, key, int64(*f), f.String())
	case *int64:
		if *f > 0 {
			b = append(append(b, key...), " = "...)
			return append(strconv.AppendInt(b, *f, 10), '\n')
		}
		return appendBounded(b, key, *f, strconv.FormatInt(*f, 10))
	case *string:
		return appendPair(b, key, *f)
	case *Swap:
		return appendPair(b, key, f.String())
	case *Percent:
		return appendBounded(b, key, int64(*f), f.String())
	case *Sizes:
		return appendPair(b, key, string(*f))
	case *Counts:
		return appendPair(b, key, string(*f))
	case *Action:
		return appendPair(b, key, string(*f))
	}
	return b
}

func appendBounded(b []byte, key string, n int64, text string) []byte {
	switch n {
	case 0:
		return b
	case Unlimited:
		text = unlimited
	}
	return appendPair(b, key, text)
}

func (f *File) appendTOML(b []byte) []byte {
	b = append(b, "\n[[files]]\n"...)
	b = appendPair(b, "kind", string(f.Kind))
	b = appendPair(b, "source", f.Source)
	b = appendPair(b, "target", f.Target)
	b = appendPair(b, "to", f.To)
	if f.Optional {
		b = appendBool(b, "optional", true)
	}
	b = appendPair(b, "reason", f.Reason)
	return appendBounded(b, "size", int64(f.Size), f.Size.String())
}

// appendPair leaves out what is empty: to Load that is the default.
func appendPair(b []byte, key, value string) []byte {
	if value == "" {
		return b
	}
	b = append(append(b, key...), " = "...)
	return append(appendQuoted(b, value), '\n')
}

func appendBool(b []byte, key string, v bool) []byte {
	b = append(append(b, key...), " = "...)
	return append(strconv.AppendBool(b, v), '\n')
}

func appendStrings(b []byte, key string, list []string) []byte {
	b = append(append(b, key...), " = ["...)
	for _, s := range list {
		b = append(appendQuoted(append(b, "\n  "...), s), ',')
	}
	if len(list) > 0 {
		b = append(b, '\n')
	}
	return append(b, "]\n"...)
}

// appendQuoted writes a TOML basic string (toml.io v1.0.0, String): one text
// for each value, so that a digest can be taken of it.
func appendQuoted(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c < ' ' || c == 0x7f:
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
