package plan

import "strings"

// DefaultPath is where programs are looked for when the environment names no
// PATH.
const DefaultPath = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"

// candidates lists the paths that execve tries, as execvp(3) does: a name with
// a slash is itself, any other is looked for along PATH.
func candidates(in *Input) []string {
	name := in.Argv[0]
	if strings.Contains(name, "/") {
		return []string{name}
	}
	var list []string
	for dir := range strings.SplitSeq(pathOf(in.Env), ":") {
		if dir == "" {
			dir = "."
		}
		list = append(list, dir+"/"+name)
	}
	return list
}

func pathOf(env []string) string {
	for _, e := range env {
		if p, ok := strings.CutPrefix(e, "PATH="); ok {
			return p
		}
	}
	return DefaultPath
}
