package escape

import "testing"

func TestNamesReachTheTerminalAsText(t *testing.T) {
	for _, c := range []struct{ name, shown, escaped string }{
		{"a b", "a b", "a b"},
		{"é", "é", `\u00e9`},
		{"\x1b[2Jé", `"\x1b[2J\u00e9"`, `\x1b[2J\u00e9`},
		{"a\nb", `"a\nb"`, `a\nb`},
		{`"`, `"`, `\"`},
	} {
		if got := Name(c.name); got != c.shown {
			t.Errorf("Name(%q) is %s, want %s", c.name, got, c.shown)
		}
		if got := All(c.name); got != c.escaped {
			t.Errorf("All(%q) is %s, want %s", c.name, got, c.escaped)
		}
	}
}
