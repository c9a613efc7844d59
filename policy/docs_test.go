package policy

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/test/docpage"
)

const page = "../docs/policy.md"

func TestDocsArePrintedFromTheTables(t *testing.T) {
	docpage.Hold(t, page, document(t), "go test ./policy -run Docs -update")
}

func TestTheExamplesOfTheDocsAreRight(t *testing.T) {
	for _, text := range []string{example, `{` + jsonExample + `}`} {
		if _, err := Parse("example", []byte(text)); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
	}
}

const example = `hostname = "judge"                # plain keys stand before the first table
env = ["LANG=C.UTF-8"]            # or a table: [env], then LANG = "C.UTF-8"

[limits]
cpu = "2s"
memory = "256M"                   # or 268435456
disk = "unlimited"

[layers]
time_ns = "off"

[[files]]
kind = "ro"
source = "cases"                  # beside this file; seen at the same absolute path
optional = true

[[files]]
kind = "rw"
source = "/srv/out"
target = "/box/out"

[[files]]
kind = "tmpfs"
target = "/cache"
size = "64M"

[[files]]
kind = "hide"
target = "/usr/share/doc"

[[files]]
kind = "ro"
source = "/run/service"
target = "/service"
reason = "the program under test is a client of this service"
`

const jsonExample = `"limits": {"cpu": "2s"}, "files": [{"kind": "ro", "source": "/srv/cases"}]`

const preface = `# Policy files

<!-- Printed from the tables and comments of policy/: go test ./policy -run Docs -update -->

What ` + "`jail exec --policy FILE`" + ` reads. Every key may be left out; ` + "`--resolved`" + ` prints the value that is then in force, as a policy file.

` + "```toml\n" + example + "```" + `

- **Format.** A file whose name ends in ` + "`.toml`" + ` is TOML, in ` + "`.json`" + ` JSON; any other is JSON if it begins with ` + "`{`" + `, else TOML. In JSON the same: ` + "`{" + jsonExample + "}`" + `. It is a regular file of UTF-8, at most 1 MiB; ` + "`-`" + ` is a file of that name, not standard input.
- **Mistakes.** Nothing is guessed: an unknown key, a wrong type or a value that can't be is an error with line and column, and nothing is run.
- **Times** are strings with a unit (` + "`\"500ms\"`, `\"2s\"`, `\"1m30s\"`" + `). **Sizes** are bytes as an integer, or strings with ` + "`K`, `M`, `G` or `T`" + ` (powers of 1024). ` + "`\"unlimited\"`" + ` lifts a limit.
- **Paths.** A relative ` + "`include` or `source`" + ` starts at the folder of the file that names it, not at the working directory; a path inside the jail is absolute.
- **Order.** The files of ` + "`include`" + ` are laid over each other in their order, the file itself over them, a later ` + "`--policy`" + ` over an earlier, and flags over all. What says more later wins, key by key; ` + "`env`, `pass_env` and lists of limits" + ` are appended; of ` + "`files`" + ` one replaces an earlier one with the same target, its reason too; ` + "`hardware`" + ` can't be taken back. At most 64 files are read; one that includes itself is refused.
`

func document(t *testing.T) string {
	var b strings.Builder
	b.WriteString(preface)
	types := comments(t)
	section(&b, "Keys", "default")
	for _, f := range fields {
		topRow(t, &b, f.key)
	}
	section(&b, "limits", "default")
	for i := range limits {
		o, _ := LookupOption(strings.ReplaceAll(limits[i].key, "_", "-"))
		row(&b, limits[i].key, typeOf(limits[i].field(&Limits{})), o.Default, o.Help)
	}
	section(&b, "layers", "default")
	for _, l := range layers {
		row(&b, string(l.Name), quoted(levelsOf(l.Name)), presetLevel(l.Name), l.Doc)
	}
	section(&b, "files", "for kinds")
	b.WriteString(fileRows(types["File"]))
	b.WriteString("\nThe deepest target wins. The kinds:\n\n| kind | what it does |\n|---|---|\n")
	for _, c := range types["FileKind"] {
		fmt.Fprintf(&b, "| `%s` | %s |\n", c.key, c.meaning)
	}
	section(&b, "seccomp", "default")
	row(&b, "on_suspicious", quoted(words(suspicious[:])), code(string(SuspiciousDeny)), types["Seccomp"][0].meaning+"; "+values(types["Suspicious"]))
	row(&b, "kill_after", "integer", "", types["Seccomp"][1].meaning)
	row(&b, "allow", "list of strings", "", types["Seccomp"][2].meaning)
	section(&b, "hardware", "default")
	for _, f := range types["Hardware"] {
		row(&b, f.key, "true or false", "false", f.meaning)
	}
	return b.String()
}

func section(b *strings.Builder, name, third string) {
	fmt.Fprintf(b, "\n## %s\n\n| key | type | %s | meaning |\n|---|---|---|---|\n", name, third)
}

func row(b *strings.Builder, key, kind, preset, meaning string) {
	meaning = strings.NewReplacer("|", `\|`, "--", "").Replace(meaning)
	fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", key, kind, strings.ReplaceAll(preset, "--", ""), meaning)
}

// topRow prints a key of the file itself: what an option says of it, or where
// its table is told.
func topRow(t *testing.T, b *strings.Builder, key string) {
	t.Helper()
	o, has := LookupOption(strings.ReplaceAll(key, "_", "-"))
	switch key {
	case "include":
		row(b, key, "list of strings", "none", "policy files to read first")
	case "layers", "limits", "seccomp", "hardware":
		row(b, key, "table", "", "see ["+key+"](#"+key+")")
	case "files":
		row(b, key, "list of tables", "none", "see [files](#files)")
	case "env":
		row(b, key, "list of `\"NAME=VALUE\"`, or table", "none", "variables to set; the last of one name holds")
	case "pass_env":
		row(b, key, "list of strings", "none", "names of variables of the caller's to copy; env wins over it")
	case "chdir":
		row(b, key, "string", code(o.Default), "the absolute path inside in which to start")
	case "root":
		row(b, key, quoted(words(roots[:])), "`\"read-only\"`; with image or state `\"writable\"`", "whether what is seen of the system may be changed, in a copy of the jail's own")
	case "state_size":
		row(b, key, "size", o.Default, o.Help)
	case "capabilities":
		row(b, key, "list of strings", "all of these", "what root has inside, and no other: "+strings.Join(rootCapabilities[:], ", "))
	case "net", "view", "denials", "profile", "verify", "user":
		row(b, key, quoted(o.Values()), code(o.Default), o.Help)
	default:
		if !has {
			t.Errorf("the key %s has no row", key)
		}
		row(b, key, "string", code(o.Default), o.Help)
	}
}

func code(s string) string { return "`\"" + s + "\"`" }

func quoted(list []string) string {
	for i := range list {
		list[i] = code(list[i])
	}
	return orList(list)
}

func typeOf(field any) string {
	switch field.(type) {
	case *time.Duration:
		return "time"
	case *size.Bytes:
		return "size"
	case *int64:
		return "integer"
	case *Swap:
		return "size"
	case *Percent:
		return "string as `\"30%\"`"
	case *Sizes:
		return "size, or string as `\"8M,KEY=2M\"`"
	case *Counts:
		return "integer, or string as `\"500,KEY=100\"`"
	case *Action:
		return quoted(words(actions[:]))
	}
	return "string as `\"2\"` or `\"0-1,3\"`"
}

func levelsOf(l Layer) (can []string) {
	for _, v := range levels {
		if checkLevel(l, v) == nil {
			can = append(can, string(v))
		}
	}
	return can
}

// presetLevel says what a resolved policy has for root and for any other.
func presetLevel(l Layer) string {
	root, user := Layers(nil).resolve(Caller{Root: true})[l], Layers(nil).resolve(Caller{})[l]
	if root == user {
		return code(string(root))
	}
	return code(string(root)) + "; for an ordinary user " + code(string(user))
}

// forKinds says which kinds of file a key belongs to; check holds it.
var forKinds = map[string]string{
	"kind": "all", "source": "`ro`, `rw`", "target": "all", "optional": "`ro`, `rw`, `hide`", "reason": "`ro`, `rw`", "size": "`tmpfs`", "to": "`link`",
}

func fileRows(keys []commented) string {
	var b strings.Builder
	for _, f := range keys {
		if f.key == "-" { // no key of a file
			continue
		}
		kind := map[string]string{"kind": quoted(words(kinds[:])), "optional": "true or false", "size": "size"}[f.key]
		if kind == "" {
			kind = "string"
		}
		row(&b, f.key, kind, forKinds[f.key], f.meaning)
	}
	return b.String()
}

type commented struct{ key, meaning string }

func values(list []commented) string {
	var all []string
	for _, c := range list {
		all = append(all, "`\""+c.key+"\"`: "+c.meaning)
	}
	return strings.Join(all, "; ")
}

// comments reads what policy.go says of the fields of its structs, and of the
// constants of its types.
func comments(t *testing.T) map[string][]commented {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "policy.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]commented{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			if s, ok := n.Type.(*ast.StructType); ok {
				all[n.Name.Name] = fieldComments(s)
			}
		case *ast.ValueSpec:
			if id, ok := n.Type.(*ast.Ident); ok {
				value := n.Values[0].(*ast.BasicLit).Value
				all[id.Name] = append(all[id.Name], commented{strings.Trim(value, `"`), text(n.Comment)})
			}
		}
		return true
	})
	return all
}

func fieldComments(s *ast.StructType) (list []commented) {
	for _, f := range s.Fields.List {
		key, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("toml"), ",")
		list = append(list, commented{key, text(f.Comment)})
	}
	return list
}

// text lets a comment name keys as a file has them.
func text(c *ast.CommentGroup) string {
	return strings.NewReplacer("Source's", "source's", "Source", "`source`", "Target", "`target`", "Size", "`size`").Replace(strings.TrimSpace(c.Text()))
}
