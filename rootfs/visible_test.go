package rootfs

import "testing"

func TestVisibleAgreesWithWhatTheProgramWouldFind(t *testing.T) {
	h := append(tree{"usr/bin/away -> /opt/away", "opt/away", "usr/bin/round -> round", "usr/bin/up -> ../../../usr/bin/env"}, debian...).make(t)
	v, err := HostView(h)
	must(t, err)
	v, err = v.With(Identity{UID: 1, GID: 1})
	must(t, err)
	v.Entries = append(v.Entries, Entry{Path: "/data", Kind: Bind, Source: "/home/u", Why: "as --ro /home/u:/data adds it"})
	for path, want := range map[string]bool{
		"/usr/bin/env":      true,
		"/bin/env":          true,
		"/bin/../bin/./env": true,
		"/usr/bin/awk":      true, // by way of /etc/alternatives
		"/bin/awk":          true,
		"/usr/bin/up":       true,
		"/etc/localtime":    true,
		"/etc/ld.so.cache":  true,
		"/etc/passwd":       true,
		"/data/bin/tool":    true,
		"/dev/null":         true,
		"/usr":              true,
		"/":                 true,
		"/usr/bin/none":     false,
		"/usr/bin/env/x":    false,
		"/usr/bin/away":     false, // its link leads out of the view
		"/usr/bin/round":    false,
		"/home/u/bin/tool":  false,
		"/etc/shadow":       false,
		"/etc/ssl/private":  false,
		"/etc/ssh":          false,
		"/dev/sda":          false,
		"/var/lib":          false,
		"usr/bin/env":       false,
		"":                  false,
	} {
		if got := h.Visible(v, path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}
