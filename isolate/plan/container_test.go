package plan

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// containerRule is one of a container engine's profile, of which those without a
// condition count here.
type containerRule struct {
	Names    []string
	Action   string
	Args     []any
	Includes *struct{ Caps, Arches []string }
	Excludes *struct{ Caps, Arches []string }
}

func containerRules(t *testing.T) []containerRule {
	t.Helper()
	b, err := os.ReadFile("../../contrib/seccomp/jail.json")
	if err != nil {
		t.Fatal(err)
	}
	var profile struct {
		DefaultAction string
		Syscalls      []containerRule
	}
	if err := json.Unmarshal(b, &profile); err != nil {
		t.Fatal(err)
	}
	if profile.DefaultAction != "SCMP_ACT_ERRNO" {
		t.Fatalf("what no rule names is answered with %s", profile.DefaultAction)
	}
	return profile.Syscalls
}

// Two answers to one call would leave it to the engine which one it takes.
func TestTheContainersProfileAllowsEveryCallOfALaunch(t *testing.T) {
	rules := containerRules(t)
	for _, c := range cases {
		p, err := Compile(c.in())
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Ops {
			name := CallName(p.Ops[i].Call)
			switch name {
			case "personality", "socket", "arch_prctl": // allowed by their arguments
				continue
			}
			allowed := false
			for _, r := range rules {
				switch {
				case !slices.Contains(r.Names, name) || r.Includes != nil && len(r.Includes.Caps) > 0:
				case r.Excludes != nil && len(r.Excludes.Caps) > 0 && r.Action != "SCMP_ACT_ALLOW":
					t.Errorf("%s is answered with %s too", name, r.Action)
				case r.Action == "SCMP_ACT_ALLOW":
					allowed = true
				}
			}
			if !allowed {
				t.Errorf("%s: %s is refused in a container (%s)", c.name, name, p.Ops[i].Step)
				break
			}
		}
	}
}

func TestTheContainersProfileLetsNoModuleBeLoaded(t *testing.T) {
	for _, r := range containerRules(t) {
		for _, name := range []string{"init_module", "finit_module", "kexec_load", "bpf", "reboot", "open_by_handle_at", "fsopen"} {
			if slices.Contains(r.Names, name) && (r.Includes == nil || len(r.Includes.Caps) == 0) {
				t.Errorf("%s is allowed without a capability", name)
			}
		}
	}
}
