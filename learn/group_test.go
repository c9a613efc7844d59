package learn

import (
	"slices"
	"strconv"
	"testing"
)

func TestFilesAreGroupedToSensibleFolders(t *testing.T) {
	many := []string{"/usr/include"}
	crowded := map[string]*need{}
	for i := range crowd + 1 {
		crowded["/usr/include/"+strconv.Itoa(i)+".h"] = &need{call: "openat", used: true}
	}
	file, folder := &need{call: "openat", used: true}, &need{call: "openat", dir: true, used: true}
	for name, c := range map[string]struct {
		needs map[string]*need
		want  []string
	}{
		"a library is shown alone":             {map[string]*need{"/usr/lib/x86_64-linux-gnu/libc.so.6": file}, []string{"/usr/lib/x86_64-linux-gnu/libc.so.6"}},
		"one file of a package is shown alone": {map[string]*need{"/usr/share/zoneinfo/Etc/UTC": file}, []string{"/usr/share/zoneinfo/Etc/UTC"}},
		"of two files what holds both":         {map[string]*need{"/usr/lib/gcc/x86/12/cc1": file, "/usr/lib/gcc/x86/12/include/stddef.h": file}, []string{"/usr/lib/gcc/x86/12"}},
		"packages stay apart":                  {map[string]*need{"/usr/lib/a/1": file, "/usr/lib/a/2": file, "/usr/lib/b/1": file}, []string{"/usr/lib/a", "/usr/lib/b/1"}},
		"names that begin alike stay apart":    {map[string]*need{"/opt/x/ab/1": file, "/opt/x/a/1": file}, []string{"/opt/x"}},
		"a folder that is listed is shown":     {map[string]*need{"/usr/lib/a/d": folder}, []string{"/usr/lib/a/d"}},
		"a shelf that is listed is not":        {map[string]*need{"/usr/lib": folder}, nil},
		"a folder that is looked for is not":   {map[string]*need{"/usr/lib/a": {dir: true}}, nil},
		"a home is never shown whole":          {map[string]*need{"/home/u/a": file, "/home/u/b": file}, []string{"/home/u/a", "/home/u/b"}},
		"nor is what holds a user's keys":      {map[string]*need{"/home/u/.config/a/1": file, "/home/u/.config/b/1": file}, []string{"/home/u/.config/a/1", "/home/u/.config/b/1"}},
		"a crowded shelf is shown whole":       {crowded, many},
	} {
		var got []string
		for _, g := range group(c.needs) {
			got = append(got, g.path)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	home := map[string]*need{}
	for i := range crowd + 1 {
		home["/home/u/"+strconv.Itoa(i)] = file
	}
	if got := group(home); len(got) != crowd+1 {
		t.Errorf("a crowded home: %+v", got)
	}
}
