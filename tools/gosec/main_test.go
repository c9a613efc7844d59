package main

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"
)

func TestWhatIsPlantedIsFound(t *testing.T) {
	gosec, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	analysistest.Run(t, analysistest.TestData(), gosec, "planted")
}

func TestAMarkNamesItsRuleAndItsReason(t *testing.T) {
	for comment, want := range map[string]bool{
		"// nothing of the kind":                     true,
		"// #nosec G304 -- the caller names it":      true,
		"// #nosec G304 G703 -- the caller names it": true,
		"// #nosec":                                     false,
		"// #nosec -- the caller names it":              false,
		"// #nosec G304":                                false,
		"// #nosec G304 --":                             false,
		"// #nosec all of it -- the caller names it":    false,
		"//#nosec the caller names it, so that is fine": false,
	} {
		if got := reasoned(comment); got != want {
			t.Errorf("%q: %v", comment, got)
		}
	}
}
