package seccomp

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestNamesAndNumbersAgree(t *testing.T) {
	named := 0
	for nr := 0; nr <= MaxKnown; nr++ {
		if names[nr] == "" {
			continue
		}
		named++
		if got, ok := Number(Name(nr)); !ok || got != nr {
			t.Errorf("Number(%q) = %d, %t; want %d", Name(nr), got, ok, nr)
		}
	}
	if named != len(byName) {
		t.Errorf("%d names, but %d in alphabetical order", named, len(byName))
	}
	for i := 1; i < len(byName); i++ {
		if names[byName[i-1]] >= names[byName[i]] {
			t.Errorf("%q is sorted after %q", names[byName[i]], names[byName[i-1]])
		}
	}
}

func TestNewestCallsHaveNames(t *testing.T) {
	for name, want := range map[string]int{
		"read": unix.SYS_READ, "clone3": unix.SYS_CLONE3, "cachestat": 451, "map_shadow_stack": 453,
		"statmount": 457, "listmount": 458, "lsm_get_self_attr": 459, "lsm_set_self_attr": 460,
		"lsm_list_modules": 461, "mseal": 462, "setxattrat": 463, "removexattrat": 466,
		"open_tree_attr": 467, "file_getattr": 468, "file_setattr": 469, "listns": 470,
	} {
		if got, ok := Number(name); !ok || got != want {
			t.Errorf("Number(%q) = %d, %t; want %d", name, got, ok, want)
		}
	}
}

func TestUnknownNumbersAndNames(t *testing.T) {
	for nr, want := range map[int]string{-1: "syscall_-1", 400: "syscall_400", 1000: "syscall_1000"} {
		if got := Name(nr); got != want {
			t.Errorf("Name(%d) = %q, want %q", nr, got, want)
		}
	}
	for _, name := range []string{"", "zzz", "Read", "syscall_1000"} {
		if nr, ok := Number(name); ok {
			t.Errorf("Number(%q) = %d, want none", name, nr)
		}
	}
}
