package main

import (
	"strings"
	"testing"

	"github.com/jailrun/jail/test/vm/job"
)

func TestOutputGoesToItsJob(t *testing.T) {
	s := read([]byte(strings.Join([]string{
		"firmware noise",
		job.Mark + " note kernel x",
		job.Mark + " begin 0",
		"PASS",
		job.FormatEnd(job.Result{Job: 0, Status: "exit 0"}),
		"between jobs",
		job.Mark + " begin 1",
		"--- FAIL: TestX",
		job.FormatEnd(job.Result{Job: 1, Status: "exit 1"}),
		job.Mark + " done",
	}, "\n")), 2)
	if !s.done || len(s.notes) != 1 || string(s.jobs[0].output) != "PASS\n" || string(s.jobs[1].output) != "--- FAIL: TestX\n" {
		t.Errorf("session %+v", s)
	}
	if !s.jobs[0].result.Passed() || s.jobs[1].result.Passed() {
		t.Errorf("results %+v", s.jobs)
	}
}

func TestGuestThatStopsHalfwayHasFailed(t *testing.T) {
	s := read([]byte(job.Mark+" begin 0\nPASS\n"), 2)
	if s.done || s.jobs[0].result.Passed() || s.jobs[1].result.Passed() {
		t.Errorf("session %+v", s)
	}
}

func TestMarkerOfAnUnknownJobIsIgnored(t *testing.T) {
	s := read([]byte(job.Mark+" begin 9\n"+job.Mark+" begin -1\n"+job.FormatEnd(job.Result{Job: 7, Status: "exit 0"})), 1)
	if s.jobs[0].result.Passed() || s.done {
		t.Errorf("session %+v", s)
	}
}
