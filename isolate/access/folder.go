package access

import (
	"path"
	"strings"
)

// Folder is what to show for a file to be seen, with what lies beside it: a
// package's own folder where packages have one each, the file alone in a home, and
// wherever else something secret may lie beside it.
func Folder(name string) string {
	name = path.Clean(name)
	if dir := around(name); Holds(dir) == "" {
		return dir
	}
	return name
}

func around(name string) string {
	for _, shelf := range [...]string{"/opt", "/srv", "/etc", "/usr/local/lib", "/var/lib", "/var/cache"} {
		if !Under(name, shelf) || name == shelf {
			continue
		}
		first, _, _ := strings.Cut(name[len(shelf)+1:], "/")
		return shelf + "/" + first
	}
	dir := path.Dir(name)
	if strings.Count(dir, "/") < 3 && (Under(dir, "/home") || Under(dir, "/root")) || dir == "/" || strings.Count(dir, "/") < 2 {
		return name
	}
	return dir
}
