package main

import (
	"fmt"
	"strings"
	"time"
)

// account is what the demo reads of a jail.result/v1.
type account struct {
	Reason string `json:"reason"`
	Usage  struct {
		WallNS      *int64 `json:"wall_ns"`
		CPUNS       *int64 `json:"cpu_ns"`
		MemoryBytes *int64 `json:"memory_peak_bytes"`
	} `json:"usage"`
	Limits struct {
		CPUNS       *int64 `json:"cpu_ns"`
		WallNS      *int64 `json:"wall_ns"`
		MemoryBytes *int64 `json:"memory_bytes"`
		Pids        *int64 `json:"pids"`
		OutputBytes *int64 `json:"output_bytes"`
	} `json:"limits"`
	Denials []denial `json:"denials"`
	Error   *struct {
		Text string `json:"text"`
	} `json:"error"`
}

// denial is a refusal that was recorded.
type denial struct {
	Syscall string `json:"syscall"`
}

func (a account) denial(call string) *denial {
	for i := range a.Denials {
		if a.Denials[i].Syscall == call {
			return &a.Denials[i]
		}
	}
	return nil
}

// trouble is the jail's own fault, where it has one.
func (a account) trouble() string {
	if a.Error == nil {
		return ""
	}
	return ": " + a.Error.Text
}

// words say what became of a program.
func (a account) words(c demoCase) string {
	switch a.Reason {
	case "cpu-limit":
		return "ended after " + length(a.Limits.CPUNS) + " of CPU time"
	case "wall-limit":
		return "ended after " + length(a.Limits.WallNS)
	case "memory":
		return "ended at " + amount(a.Limits.MemoryBytes) + " of memory"
	case "pids":
		return "ended at " + count(a.Limits.Pids) + " processes"
	case "output":
		return "ended after " + amount(a.Limits.OutputBytes) + " of output"
	case "exited":
		return answered(c)
	}
	return a.Reason
}

// answered is for programs that came to their own end: the honest, and those
// that were told no and gave up.
func answered(c demoCase) string {
	if c.exit == 0 {
		return "gave the right answer"
	}
	return "refused: " + strings.ToLower(c.says[:1]) + c.says[1:]
}

func length(ns *int64) string {
	if ns == nil {
		return "-"
	}
	return fmt.Sprintf("%d ms", time.Duration(*ns).Round(time.Millisecond).Milliseconds())
}

func amount(n *int64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprintf("%d MiB", *n>>20)
}

func count(n *int64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}
