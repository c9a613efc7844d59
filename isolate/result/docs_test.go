package result

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"testing"

	"github.com/jailrun/jail/test/docpage"
)

const page = "../../docs/result.md"

func TestDocsArePrintedFromTheTables(t *testing.T) {
	docpage.Hold(t, page, document(t), "go test ./isolate/result -run Docs -update")
}

// sections lists the objects of a result in the order in which a reader meets
// them, each with the key it is found under.
var sections = []struct{ key, name string }{
	{"The result", "Result"}, {"usage", "Usage"}, {"usage.noise", "Noise"}, {"limits", "Limits"}, {"cores", "Cores"},
	{"enforced", "Enforced"}, {"enforced.*", "Wall"}, {"denials[]", "Denial"},
	{"evidence", "Evidence"}, {"evidence.box", "Space"}, {"evidence.call", "Call"}, {"evidence.setup", "Setup"},
	{"evidence.last_words[]", "LastWord"},
	{"output", "Output"}, {"error", "Failure"},
}

func document(t *testing.T) string {
	types := parse(t)
	var b strings.Builder
	b.WriteString("# The result\n\n<!-- Printed from the comments and tables of isolate/result: go test ./isolate/result -run Docs -update -->\n\n" +
		"What `jail exec --json FILE` writes, and what the library returns as `result.Result`: schema `" + Schema + "`.\n" +
		"`jail why FILE` [explains one](why.md) in words; `result.Reader` reads them back.\n" +
		"Every key is always there; null means that the host can't tell, or that it does not apply. Times are nanoseconds, sizes bytes.\n\n" +
		"## Reasons\n\nThe first row that holds decides. A verdict may be checked by its evidence.\n\n" +
		"| reason | evidence that decides it | exit status of jail | raised by |\n|---|---|---|---|\n")
	for _, r := range Reasons() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.Reason, r.Evidence, r.Exit, code(r.Flag))
	}
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| key | type | meaning |\n|---|---|---|\n", s.key, types[s.name].doc)
		for _, f := range types[s.name].fields {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.key, f.kind, f.meaning)
		}
	}
	b.WriteString("\n## Causes and sources\n\nThe closed sets behind `evidence.killed`, the `*_source` keys, `usage.noise.causes`, `enforced.*.state` and `evidence.last_words[].state`.\n\n| value | meaning |\n|---|---|\n")
	for _, c := range types["const"].fields {
		fmt.Fprintf(&b, "| `%s` | %s |\n", c.key, c.meaning)
	}
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

type field struct{ key, kind, meaning string }

type object struct {
	doc    string
	fields []field
}

// parse reads the comments of the package's own structs and constants.
func parse(t *testing.T) map[string]*object {
	t.Helper()
	types := map[string]*object{"const": {}}
	for _, name := range []string{"result.go", "usage.go", "cores.go", "noise.go", "enforced.go", "evidence.go", "lastword.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if decl, ok := d.(*ast.GenDecl); ok {
				addDecl(t, types, decl)
			}
		}
	}
	return types
}

func addDecl(t *testing.T, types map[string]*object, decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if s, ok := spec.Type.(*ast.StructType); ok {
				types[spec.Name.Name] = &object{paragraph(decl.Doc), fieldsOf(t, spec.Name.Name, s)}
			}
		case *ast.ValueSpec:
			if decl.Tok == token.CONST && spec.Comment != nil && spec.Type != nil {
				value := spec.Values[0].(*ast.BasicLit).Value
				types["const"].fields = append(types["const"].fields, field{strings.Trim(value, `"`), "", text1(spec.Comment)})
			}
		}
	}
}

func fieldsOf(t *testing.T, object string, s *ast.StructType) []field {
	var all []field
	for _, f := range s.Fields.List {
		tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json")
		if f.Comment == nil {
			t.Errorf("%s.%s has no comment", object, tag)
			continue
		}
		all = append(all, field{tag, kindOf(f.Type), text1(f.Comment)})
	}
	return all
}

// kindOf names a Go type as a reader of JSON would.
func kindOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return kindOf(e.X) + " or null"
	case *ast.ArrayType:
		return "list of " + kindOf(e.Elt)
	case *ast.SelectorExpr:
		if e.Sel.Name == "WaitStatus" {
			return "number"
		}
		return "string"
	case *ast.Ident:
		switch e.Name {
		case "int", "int64", "WaitStatus":
			return "number"
		case "bool":
			return "true or false"
		case "string", "Reason", "Source", "Cause", "Disturbance", "State", "Doing", "Errno", "Word":
			return "string"
		}
	}
	return "object"
}

func text1(c *ast.CommentGroup) string {
	return strings.ReplaceAll(strings.TrimSpace(c.Text()), "|", `\|`)
}

func paragraph(c *ast.CommentGroup) string {
	return strings.NewReplacer("\n", " ", "[", "", "]", "").Replace(strings.TrimSpace(c.Text()))
}
