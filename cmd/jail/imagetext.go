package main

import (
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jailrun/jail/internal/escape"
	"github.com/jailrun/jail/rootfs/store"
)

func imageTable(all []store.Summary) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = w.Write([]byte("NAME\tID\tLAYERS\tSIZE\tOWN\tIMPORTED\n")) // to a string: it fails never
	for i := range all {
		names := all[i].Names
		if len(names) == 0 {
			names = []string{"-"}
		}
		for _, name := range names {
			_, _ = w.Write([]byte(escape.All(name) + "\t" + all[i].ID.Hex()[:store.LeastDigits] + "\t" + strconv.Itoa(len(all[i].Layers)) + "\t" +
				inMiB(all[i].Bytes) + "\t" + inMiB(all[i].OwnBytes) + "\t" + all[i].Imported.Local().Format(time.DateTime) + "\n"))
		}
	}
	_ = w.Flush()
	return b.String()
}

func imageText(s *store.Store, i *store.Summary) string {
	var b strings.Builder
	line := func(head, text string) {
		if text != "" {
			b.WriteString(pad(head, 12) + escape.All(text) + "\n")
		}
	}
	line("names", strings.Join(i.Names, ", "))
	line("id", i.ID.String())
	line("from", i.Source+", "+i.Imported.Local().Format(time.DateTime))
	line("size", inMiB(i.Bytes)+", of which "+inMiB(i.OwnBytes)+" are its own")
	line("entrypoint", strings.Join(i.Config.Entrypoint, " "))
	line("command", strings.Join(i.Config.Cmd, " "))
	line("folder", i.Config.WorkingDir)
	line("user", i.Config.User)
	for _, kv := range i.Config.Env {
		line("variable", kv)
	}
	for _, l := range i.Layers {
		line("layer", l.DiffID.String()+", "+inMiB(l.Bytes)+" in "+itoa(l.Entries)+" entries")
	}
	line("store", s.Path())
	if !i.Synced {
		line("disk", "not known to be on it yet: jail image gc waits for that")
	}
	return b.String()
}

func sweptText(s *store.Swept) string {
	var b strings.Builder
	for _, id := range s.Images {
		b.WriteString("removed image " + id.String() + "\n")
	}
	for _, id := range s.Layers {
		b.WriteString("removed layer " + id.String() + "\n")
	}
	for _, name := range s.Abandoned {
		b.WriteString("removed what was left of " + escape.All(name) + "\n")
	}
	if b.Len() > 0 {
		b.WriteString("freed " + inMiB(s.Bytes) + "\n")
	}
	for _, id := range s.InUse {
		b.WriteString("image " + id.String() + " has no name and is in use\n")
	}
	if b.Len() == 0 {
		return "nothing to remove\n"
	}
	return b.String()
}
