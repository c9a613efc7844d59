package audit

import (
	"fmt"
	"go/ast"
	goparser "go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/jailrun/jail/test/docpage"
)

const page = "../docs/audit.md"

// The page is the text in testdata, with the tables that the code reads in the
// places of their names.
func TestDocsArePrintedFromTheTables(t *testing.T) {
	text, err := os.ReadFile("testdata/audit.md.in")
	must(t, err)
	objects := parseObjects(t)
	page1 := strings.NewReplacer("{{types}}\n", typeTable(), "{{line}}\n", keyTable(objects["lineKeys"]), "{{details}}\n", detailTables(objects),
		"{{kinds}}\n", kindTable(), "{{bounds}}\n", boundTable()).Replace(string(text))
	docpage.Hold(t, page, page1, "go test ./audit -run Docs -update")
}

func typeTable() string {
	var b strings.Builder
	b.WriteString("| type | written by | meaning |\n|---|---|---|\n")
	for _, r := range typeRows {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.name, r.by, r.meaning)
	}
	return b.String()
}

func kindTable() string {
	var b strings.Builder
	b.WriteString("| kind | meaning |\n|---|---|\n")
	for _, r := range kindRows {
		fmt.Fprintf(&b, "| `%s` | %s |\n", r.kind, r.meaning)
	}
	return b.String()
}

func boundTable() string {
	return fmt.Sprintf("| of | at most |\n|---|---|\n| a line | %d bytes |\n| a text | %d bytes, as it is written |\n| a list of texts | %d texts, %d bytes as they are written |\n| `args` | %d numbers |\n",
		MostLine, mostText, mostTexts, mostList, mostWords)
}

type docField struct{ key, kind, meaning string }

func keyTable(fields []docField) string {
	var b strings.Builder
	b.WriteString("| key | type | meaning |\n|---|---|---|\n")
	for _, f := range fields {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.key, f.kind, f.meaning)
	}
	return b.String()
}

func detailTables(objects map[string][]docField) string {
	var b strings.Builder
	for _, r := range typeRows {
		name := reflect.TypeOf(r.empty()).Elem().Name()
		fmt.Fprintf(&b, "### %s\n\n%s\n", r.name, keyTable(objects[name]))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// parseObjects reads the comments of the structs in event.go.
func parseObjects(t *testing.T) map[string][]docField {
	t.Helper()
	file, err := goparser.ParseFile(token.NewFileSet(), "event.go", nil, goparser.ParseComments)
	must(t, err)
	all := map[string][]docField{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		s, ok := spec.Type.(*ast.StructType)
		if !ok {
			return true
		}
		for _, f := range s.Fields.List {
			if f.Tag == nil {
				continue
			}
			key := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("key")
			if f.Comment == nil {
				t.Errorf("%s.%s has no comment", spec.Name.Name, key)
				continue
			}
			all[spec.Name.Name] = append(all[spec.Name.Name], docField{key, kindOf(f.Type), strings.ReplaceAll(strings.TrimSpace(f.Comment.Text()), "|", `\|`)})
		}
		return true
	})
	return all
}

// kindOf names a Go type as a reader of JSON would.
func kindOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return kindOf(e.X) + " or null"
	case *ast.ArrayType:
		return "list of strings"
	case *ast.Ident:
		switch e.Name {
		case "string":
			return "string"
		case "bool":
			return "true or false"
		case "Detail":
			return "object"
		}
	}
	return "number"
}

var _ lineKeys // only its tags and comments are of use

// Each key of a detail stands in its struct's tags in the order in which it is
// written.
func TestTagsAreTheKeysThatAreWritten(t *testing.T) {
	for _, r := range typeRows {
		d := r.empty()
		var got, want []string
		d.visit(keys{&got})
		for i := range reflect.TypeOf(d).Elem().NumField() {
			want = append(want, reflect.TypeOf(d).Elem().Field(i).Tag.Get("key"))
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s writes %v, its tags are %v", r.name, got, want)
		}
	}
}

type keys struct{ all *[]string }

func (k keys) add(key string)                { *k.all = append(*k.all, key) }
func (k keys) text(key string, _ *string)    { k.add(key) }
func (k keys) texts(key string, _ *[]string) { k.add(key) }
func (k keys) number(key string, _ *int64)   { k.add(key) }
func (k keys) integer(key string, _ *int)    { k.add(key) }
func (k keys) maybe(key string, _ **int)     { k.add(key) }
func (k keys) words(key string, _ *[]uint64) { k.add(key) }
