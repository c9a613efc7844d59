package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/jailrun/jail/internal/size"
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
		DiskBytes   *int64 `json:"disk_bytes"`
	} `json:"limits"`
	Denials []denial `json:"denials"`
	Error   *struct {
		Text string `json:"text"`
		Hint string `json:"hint"`
	} `json:"error"`
}

// denial is a refusal that was recorded.
type denial struct {
	Layer   string `json:"layer"`
	Syscall string `json:"syscall"`
	Errno   string `json:"errno"`
	Rule    string `json:"rule"`
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
	return fmt.Sprintf(": %s: %s", a.Error.Text, a.Error.Hint)
}

// words say in plain words what stopped a program.
func (a account) words(c demoCase, o outcome) string {
	switch a.Reason {
	case "cpu-limit":
		return "ended: its CPU time was used up, the limit is " + length(a.Limits.CPUNS)
	case "wall-limit":
		return "ended: its time on the clock was used up, the limit is " + length(a.Limits.WallNS)
	case "memory":
		return "ended: its memory was used up, the limit is " + amount(a.Limits.MemoryBytes)
	case "pids":
		return "ended: all its processes were in use, the limit is " + count(a.Limits.Pids)
	case "output":
		return "ended: it wrote too much, the limit is " + amount(a.Limits.OutputBytes)
	}
	return a.answered(c, o)
}

// answered is for programs that came to their own end.
func (a account) answered(c demoCase, o outcome) string {
	if d := a.denial(c.denied); d != nil {
		return fmt.Sprintf("%s refused %s with %s: %s", d.Layer, d.Syscall, d.Errno, d.Rule)
	}
	if c.exit == 0 {
		return "nothing: the answer is right"
	}
	said := strings.TrimSpace(o.stderr)
	return "it was told: " + said[strings.LastIndex(said, "\n")+1:]
}

func length(ns *int64) string {
	if ns == nil {
		return "-"
	}
	return time.Duration(*ns).Round(time.Millisecond).String()
}

func amount(n *int64) string {
	if n == nil {
		return "-"
	}
	return size.Bytes(*n).String()
}

func count(n *int64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}
