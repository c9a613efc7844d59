package main

import (
	"bufio"
	"bytes"
	"testing"

	"github.com/jailrun/jail/rootfs/state"
)

func TestChangesAreListedUnderTheFolderThatTheyAreOf(t *testing.T) {
	var b bytes.Buffer
	l := &changeList{out: bufio.NewWriter(&b)}
	for _, c := range []state.Change{
		{Kind: state.Added, Path: "/box/p/\x1b", Type: "file", Bytes: 7, Folder: "/srv/p\n"},
		{Kind: state.Changed, Path: "/box/p/tool", Type: "file", Only: state.ModeOnly, Folder: "/srv/p\n"},
		{Kind: state.Deleted, Path: "/opt", Type: "folder"},
	} {
		if err := l.line(c); err != nil {
			t.Fatal(err)
		}
	}
	l.out.Flush()
	const want = `over the host's /srv/p\n
added    file             7  /box/p/\x1b
changed  file          mode  /box/p/tool
over the root
deleted  folder           -  /opt
`
	if b.String() != want {
		t.Errorf("%s\nnot\n%s", b.String(), want)
	}
}
