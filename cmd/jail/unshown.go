package main

import (
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/jailrun/jail/isolate/access"
	"github.com/jailrun/jail/policy"
)

// What a program that failed may have wanted, and what only whoever wrote the
// command line can mend: a file that it names and that is not shown, or a folder
// that is shown and belongs to somebody else.

// afterthought gives what to say of a run that failed, "" if nothing.
func afterthought(argv []string, p *policy.Policy) string {
	for i, arg := range argv {
		if i == 0 || arg == "" || arg[0] == '-' {
			continue
		}
		if why := unshown(arg, p); why != "" {
			return why
		}
	}
	for i := range p.Files {
		if why := strangers(&p.Files[i]); why != "" {
			return why
		}
	}
	return ""
}

// unshown says why a file of the host's that an argument names is not seen.
func unshown(arg string, p *policy.Policy) string {
	st, err := os.Lstat(arg)
	if err != nil || !strings.Contains(arg, "/") && !st.Mode().IsRegular() && st.Mode()&os.ModeSymlink == 0 {
		return "" // a word that happens to be a folder's name is most often a word
	}
	abs, err := filepath.Abs(arg)
	if err != nil || covered(p, abs) || covered(p, path.Join(box, arg)) || ofTheJail(abs) || access.Secret(abs) != "" {
		return ""
	}
	show := "--ro " + path.Dir(abs)
	switch {
	case st.Mode()&os.ModeSymlink != 0 && filepath.IsLocal(arg):
		return arg + " is a link, and links are not shown: name what it leads to, or add --ro ."
	case st.IsDir():
		return arg + " is a folder, and not shown: add --ro " + abs
	case filepath.IsLocal(arg):
		return "" // it was shown
	case strings.HasPrefix(arg, "/"):
	default:
		show += ", and name it " + abs
	}
	return arg + " is on the host and not shown: name it from its own folder, or add " + show
}

// ofTheJail says whether a path means something of the jail's own, or the
// system's part of the view.
func ofTheJail(abs string) bool {
	for _, top := range [...]string{"/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/dev", "/proc", "/box"} {
		if within(abs, top) {
			return true
		}
	}
	return abs == "/" || abs == "/tmp" || abs == "/var/tmp"
}

// strangers says whose a shown folder is, where that keeps the program out of it.
func strangers(f *policy.File) string {
	if f.Source == "" || f.Kind != policy.FileRW && f.Kind != policy.FileRO {
		return ""
	}
	st, err := os.Stat(f.Source)
	if err != nil {
		return ""
	}
	own, ok := st.Sys().(*syscall.Stat_t)
	if !ok || int(own.Uid) == os.Geteuid() {
		return ""
	}
	need := os.FileMode(0o5)
	if f.Kind == policy.FileRW {
		need = 0o7
	}
	if st.Mode().Perm()&need == need {
		return ""
	}
	return f.Source + " belongs to uid " + strconv.Itoa(int(own.Uid)) + ", and the program has the rights there that anybody has: run jail as that user"
}
