package main

import (
	"strings"
	"testing"
	"time"
)

func TestGlobsFindTokens(t *testing.T) {
	for _, c := range []struct{ glob, text, want string }{
		{"sk-*", "a sk-12ab, sk-x;sk-", "a X, X;X"},
		{"key=????", `key=abcdef "key=ab"`, `Xef "key=ab"`},
		{"*@*.org", "mail me@x.org now", "mail X now"},
		{"a*b", "ab aXb a b", "X X a b"},
		{"none", "nothing here", "nothing here"},
	} {
		p, err := parseGlob(c.glob)
		if err != nil {
			t.Fatal(err)
		}
		got, done := "", 0
		for _, at := range p.FindAllStringIndex(c.text, -1) {
			got += c.text[done:at[0]] + "X"
			done = at[1]
		}
		if got += c.text[done:]; got != c.want {
			t.Errorf("%s in %q: %q, want %q", c.glob, c.text, got, c.want)
		}
	}
	for _, bad := range []string{"", "*", "?*?"} {
		if _, err := parseGlob(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// A program chooses the text: twice as long a one takes twice as long.
func TestAGlobIsNotSlowOnAnyText(t *testing.T) {
	p, _ := parseGlob("a*a*a*b")
	took := func(size int) time.Duration {
		best := time.Hour
		for range 5 {
			begin := time.Now()
			p.FindAllStringIndex(strings.Repeat("a", size), -1)
			best = min(best, time.Since(begin))
		}
		return best
	}
	if short, long := took(4<<10), took(64<<10); long > 64*short {
		t.Errorf("%v for 4 KiB, %v for 64", short, long)
	}
}
