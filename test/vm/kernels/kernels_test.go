package kernels

import (
	"errors"
	"os"
	"slices"
	"testing"
)

func TestNewestVersionSortsLast(t *testing.T) {
	names := []string{
		"linux-image-6.12.117+deb12-cloud-amd64",
		"linux-image-6.12.95+deb12-cloud-amd64",
		"linux-image-6.12.9+deb12-cloud-amd64",
		"linux-image-6.12.90+deb12.1-cloud-amd64",
	}
	slices.SortFunc(names, byVersion)
	if got := names[len(names)-1]; got != "linux-image-6.12.117+deb12-cloud-amd64" {
		t.Errorf("last is %s", got)
	}
	if got := names[0]; got != "linux-image-6.12.9+deb12-cloud-amd64" {
		t.Errorf("first is %s", got)
	}
}

func TestUnknownSeriesIsAnError(t *testing.T) {
	if _, err := Find([]string{"6.1", "2.4"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Find = %v, want ErrNotExist", err)
	}
	if found, err := Find([]string{"7.3", "5.10"}); err != nil || len(found) != 2 || found[0].Series != "5.10" {
		t.Errorf("Find = %v, %v; want both, oldest first", found, err)
	}
}

func TestModuleIsKnownByItsUnderscoredName(t *testing.T) {
	for path, want := range map[string]string{"a/nf-tables.ko": "nf_tables", "overlay.ko.xz": "overlay"} {
		if got := moduleName(path); got != want {
			t.Errorf("moduleName(%s) = %s, want %s", path, got, want)
		}
	}
}
