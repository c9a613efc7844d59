package learn

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/jailrun/jail/isolate/access"
)

// shelves are folders that many packages share: showing one would show them all.
// A "*" stands for one name.
var shelves = [...]string{
	"/", "/usr", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/libexec", "/usr/share", "/usr/include", "/usr/games",
	"/usr/lib/*-linux-gnu", "/usr/include/*-linux-gnu", "/usr/lib/jvm", "/usr/share/java", "/usr/share/locale", "/usr/src",
	"/usr/local", "/usr/local/bin", "/usr/local/sbin", "/usr/local/lib", "/usr/local/share", "/usr/local/include",
	"/etc", "/etc/alternatives", "/opt", "/srv", "/home", "/home/*", "/root", "/var", "/var/lib", "/var/cache", "/var/spool", "/mnt", "/media",
	"/nix", "/nix/store", "/gnu", "/gnu/store",
}

// crowd is how many files of a shelf are shown one by one before it is shown
// whole: each is a mount.
const crowd = 48

func isShelf(dir string) bool {
	for _, s := range shelves {
		if ok, _ := path.Match(s, dir); ok {
			return true
		}
	}
	return false
}

// packageOf is the folder below the deepest shelf that a file lies in; "" for a
// file that lies on a shelf itself.
func packageOf(file string) string {
	for dir, below := path.Dir(file), ""; ; dir, below = path.Dir(dir), dir {
		if isShelf(dir) {
			return below
		}
	}
}

// grant is one file or folder to show.
type grant struct {
	path  string
	why   string // the call that needed it first
	files int    // that were used of it
}

// group makes grants of needs: a file of a package alone, of two and more the
// deepest folder that holds them, a crowded shelf whole.
func group(needs map[string]*need) []grant {
	members := map[string][]string{} // by package, or by shelf
	for _, name := range sorted(needs) {
		n := needs[name]
		switch {
		case n.dir && (!n.used || isShelf(name)):
			continue // a folder that is only looked for is made by what is shown in it
		case n.dir:
			key := packageOf(name + "/.")
			members[key] = append(members[key], name+"/.")
		default:
			key := packageOf(name)
			if key == "" {
				key = path.Dir(name) + "/" // a shelf
			}
			members[key] = append(members[key], name)
		}
	}
	var list []grant
	for _, key := range sorted(members) {
		list = append(list, grantsOf(key, members[key], needs)...)
	}
	return list
}

func grantsOf(key string, files []string, needs map[string]*need) (list []grant) {
	why := func(file string) string { return needs[strings.TrimSuffix(file, "/.")].call }
	if shelf, is := strings.CutSuffix(key, "/"); is {
		if len(files) > crowd && canBeWhole(shelf) {
			return []grant{{shelf, why(files[0]), len(files)}}
		}
		return alone(files, why)
	}
	if len(files) == 1 {
		return []grant{{strings.TrimSuffix(files[0], "/."), why(files[0]), 1}}
	}
	common := path.Dir(files[0])
	for _, f := range files[1:] {
		for !strings.HasPrefix(f, common+"/") {
			common = path.Dir(common)
		}
	}
	if !canBeWhole(common) {
		return alone(files, why)
	}
	return []grant{{common, why(files[0]), len(files)}}
}

// canBeWhole says whether nothing speaks against all of a folder.
func canBeWhole(dir string) bool { return access.Holds(dir) == "" && OnlyFiles(dir) }

// alone shows each by itself.
func alone(files []string, why func(string) string) (list []grant) {
	for _, f := range files {
		list = append(list, grant{strings.TrimSuffix(f, "/."), why(f), 1})
	}
	return list
}

// text says what needed a grant.
func (g *grant) text() string {
	if g.files > 1 {
		return strconv.Itoa(g.files) + " files of it, the first by " + g.why
	}
	return g.why
}

// inside says whether a path is shown by one of the grants.
func inside(list []grant, name string) bool {
	return slices.ContainsFunc(list, func(g grant) bool { return access.Under(name, g.path) })
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
