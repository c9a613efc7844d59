package main

import (
	"slices"
	"strings"

	"github.com/jailrun/jail/policy"
)

// mutation is what is done to every launch of a jail as built with the hook of
// tests: see cmd/jail/hook_test_tag.go.
type mutation struct {
	out  []string     // steps that are left out
	at   []string     // "DEED STEP": another thing is done in a step's place
	born policy.Layer // whose namespace pid 1 is not born into
}

// without is the same with one more step left out; "" is none.
func (m mutation) without(step string) mutation {
	if step != "" {
		m.out = append(slices.Clip(m.out), step)
	}
	return m
}

func (m mutation) environ() []string {
	return []string{
		"PATH=/usr/bin:/bin",
		"JAIL_WITHOUT_STEP=" + strings.Join(m.out, "\n"),
		"JAIL_AT=" + strings.Join(m.at, "\n"),
		"JAIL_BORN_WITHOUT=" + string(m.born),
	}
}
