package why

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/test/docpage"
)

func TestDocsArePrintedFromTheTables(t *testing.T) {
	docpage.Hold(t, "../../../docs/why.md", document(), "go test ./isolate/result/why -run Docs -update")
}

const preface = `# Why a run ended

<!-- Printed from the tables of isolate/result/why: go test ./isolate/result/why -run Docs -update -->

` + "`jail why FILE`" + ` explains a [result](result.md) that ` + "`jail exec --json FILE`" + ` wrote: what happened, by what evidence, the likely cause, what to change, the calls that were refused, the walls that did not stand and what that costs, and how the host disturbed the times. ` + "`-`" + ` is standard input. A file may hold many results, one behind the other (JSON lines) or in an array: each is explained. What is no result is an error that names file, line and key, and the exit status is 125; else it is 0, whatever the run's was.

` + "`--json`" + ` prints one object for each, schema ` + "`" + Schema + "`" + `: ` + "`id`, `reason`, `status`, `what`, `meaning`, `evidence[]` (`name`, `keys`, `text`), `causes[]`, `changes[]` (`flag`, `text`), `threads[]`, `denials[]` (`call`, `object`, `errno`, `count`, `rule`, `fix`), `walls[]` (`layer`, `state`, `detail`, `cost`), `noise[]` (`cause`, `text`, `mend`), `output[]`, `notes[]`" + `. Every text of the result's is escaped and bounded: a file that a program could write to may hold anything.

The likely cause is what a reader would think of first, and no verdict: that is the reason, which the evidence decides.

`

func document() string {
	var b strings.Builder
	b.WriteString(preface + "## Reasons\n\nOf the rows of a reason all that hold are told.\n")
	for i := range reasons {
		r := &reasons[i]
		fmt.Fprintf(&b, "\n### `%s`\n\n%s Evidence: %s.\n\n| when | likely cause | what to change |\n|---|---|---|\n", r.reason, r.meaning, labels(r.facts))
		for _, c := range causes() {
			if c.reason == r.reason {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", c.when, cmp.Or(doc(c.cause), "–"), cmp.Or(changeDoc(&c), "–"))
			}
		}
	}
	b.WriteString("\n## Waiting\n\nWhere the reason is `wall-limit` or `idle`, and jail has seen what the program was doing (`evidence.last_words`), of the process that the line of `jail exec` ends with:\n\n| when | by the calls | likely cause | what to change |\n|---|---|---|---|\n")
	for _, w := range append(waits[:], stopped) {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", w.when, strings.Join(w.calls, ", "), w.cause, w.change)
	}
	b.WriteString("\n## Evidence\n\n| shown as | from |\n|---|---|\n")
	for i := range facts {
		fmt.Fprintf(&b, "| %s | `%s` |\n", facts[i].label, strings.Join(facts[i].keys, "`, `"))
	}
	b.WriteString("\n## Walls\n\nWhat it costs when a layer was absent or off.\n\n| layer | cost |\n|---|---|\n")
	for _, l := range policy.AllLayers() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", l.Name, costOf(l.Name))
	}
	b.WriteString("\nA layer that stands may do less than it could:\n\n| layer | when | cost |\n|---|---|---|\n")
	for _, d := range degradations() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", d.layer, d.when, d.cost)
	}
	b.WriteString("\n## Noise\n\n| cause | meaning | steadier |\n|---|---|---|\n")
	for i := range disturbed {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", disturbed[i].cause, disturbed[i].text, disturbed[i].mend)
	}
	return b.String()
}

// labels lists facts, each once: two may be shown by one name.
func labels(names []string) string {
	list := []string{}
	for _, n := range names {
		list = append(list, factNamed(n).label)
	}
	return strings.Join(list, ", ")
}

// doc is a text of the tables with its slots as the docs show them.
func doc(text string) string {
	for _, s := range slots {
		text = strings.ReplaceAll(text, s.name, s.doc)
	}
	return text
}

func changeDoc(c *cause) string {
	if c.flag == "" {
		return doc(c.change)
	}
	return "`" + doc(flagDoc(c.flag)) + "` " + doc(c.change)
}

// The pages name the reasons in one order.
func TestReasonsAreInTheOrderOfPrecedence(t *testing.T) {
	for i, info := range result.Reasons() {
		if reasons[i].reason != info.Reason {
			t.Errorf("row %d is %s, want %s", i, reasons[i].reason, info.Reason)
		}
	}
}
