package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/jailrun/jail/internal/escape"
	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate/result"
	kept "github.com/jailrun/jail/rootfs/state"
	"github.com/jailrun/jail/rootfs/state/archive"
	"github.com/jailrun/jail/rootfs/store"
	"golang.org/x/sys/unix"
)

// stateVerb is a word after "jaild state".
type stateVerb struct {
	name, args, example string
	words               int
	flags               []flagRow[keepRequest]
	help                string
	run                 func(context.Context, *keepRequest, *store.Store, []string) error
}

// keepRequest is what the flags of a command line of "jaild state" ask for.
type keepRequest struct{ bytes int64 }

// keepFlags are those of import; the other verbs have none.
var keepFlags = [...]flagRow[keepRequest]{
	{"state-size", "SIZE", "bytes that the state may hold (default: what the backup says, up to 16G)", func(r *keepRequest, v string) error {
		n, err := size.Parse(v)
		r.bytes = int64(n)
		return err
	}},
}

var stateVerbs = [...]stateVerb{
	{"commit", "NAME IMAGE", "build-1 team/app:2", 2, nil, `Make an image of the one that a state lies over and of what was changed, as one layer
more. The layers below are shared. The state stays as it is.
`, commitState},
	{"export", "NAME FILE", "build-1 build-1.tar", 2, nil, `Write what programs have changed to a file, or to standard
output if that is -: a backup, without what it lies over.
`, exportState},
	{"import", "[--state-size SIZE] FILE NAME", "build-1.tar build-2", 2, keepFlags[:], `Make a state of what jail state export has written, or of what comes from standard input
if FILE is -. The file need not be trusted: it is unpacked by a process that reaches
nothing but the state, and what it says of folders of the host's is left out: name the
folder with --cow when the state is next used.
`, importState},
}

// stateCommand is "jaild state".
func stateCommand(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM, unix.SIGHUP)
	defer stop()
	signal.Ignore(unix.SIGPIPE) // who stops reading must not keep what programs have closed from being closed again
	for i := range stateVerbs {
		v := &stateVerbs[i]
		switch {
		case len(args) == 0 || args[0] != v.name:
			continue
		case len(args) == 2 && (args[1] == "--help" || args[1] == "-h"):
			return printed(os.Stdout, "Usage: jail state "+v.name+" "+v.args+"\n\n"+v.help)
		}
		err := v.take(ctx, args[1:])
		if v.name == "export" && errors.Is(err, unix.EPIPE) {
			return result.StatusSignalOffset + int(unix.SIGPIPE)
		}
		if err != nil {
			complain(err)
			return result.StatusFailed
		}
		return 0
	}
	complain(&Error{Op: "read", Object: strings.Join(append([]string{"state"}, args[:min(len(args), 1)]...), " "), Err: errUsage, Hint: "use jail state --help"})
	return result.StatusFailed
}

func (v *stateVerb) take(ctx context.Context, args []string) error {
	r := &keepRequest{}
	if v.flags != nil {
		var err error
		if args, err = readFlags("state "+v.name, v.flags, r, args); err != nil {
			return err
		}
	}
	if len(args) != v.words || len(args[0]) > 1 && args[0][0] == '-' {
		return &Error{Op: "read", Object: "state " + v.name + " " + strings.Join(args, " "), Err: errWords, Hint: "for example jail state " + v.name + " " + v.example}
	}
	s, err := openStore(ctx, store.Options{Create: true})
	if err != nil {
		return err
	}
	defer s.Close()
	return v.run(ctx, r, s, args)
}

func commitState(ctx context.Context, _ *keepRequest, s *store.Store, args []string) error {
	name, err := store.ParseName(args[1])
	if err != nil {
		return err
	}
	st, err := kept.Take(ctx, s.Path(), args[0])
	if err != nil {
		return err
	}
	defer st.Close()
	if st.Image == "" {
		return &kept.Error{Op: "commit", Object: st.Name, Err: kept.ErrNoImage, Hint: "only what was changed of an image makes another"}
	}
	base, err := s.Use(st.Image)
	if err != nil {
		return err
	}
	defer base.Close()
	rec, err := archive.Commit(ctx, st, s, base, name, unpacker())
	if err != nil {
		return err
	}
	tellLeftOut(rec.LeftOut)
	top := &rec.Layers[len(rec.Layers)-1]
	_, err = fmt.Printf("%s %s: a layer of %d entries, %s, on %d that it shares\n", name, rec.ID, top.Entries, size.Bytes(top.Bytes).Words(), len(rec.Layers)-1)
	return err
}

func exportState(ctx context.Context, _ *keepRequest, s *store.Store, args []string) error {
	st, err := kept.Take(ctx, s.Path(), args[0])
	if err != nil {
		return err
	}
	defer st.Close()
	if args[1] == standard {
		return backupTo(ctx, st, os.Stdout)
	}
	var n int64
	err = writeNew(args[1], 0o600, func(f *os.File) error {
		if err := backupTo(ctx, st, f); err != nil {
			return err
		}
		n, err = f.Seek(0, io.SeekCurrent)
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Printf("%s: %s\n", escape.All(args[1]), size.Bytes(n).Words())
	return err
}

func backupTo(ctx context.Context, st *kept.State, f *os.File) error {
	w := bufio.NewWriterSize(f, 1<<20)
	n, err := archive.Export(ctx, st, w)
	if err != nil {
		return err
	}
	tellLeftOut(n)
	return w.Flush()
}

func tellLeftOut(n int64) {
	if n > 0 {
		complain(fmt.Errorf("%d devices, FIFOs or sockets were left out", n))
	}
}

func importState(ctx context.Context, r *keepRequest, s *store.Store, args []string) error {
	from := io.Reader(nil)
	if args[0] == standard {
		from = readInput(ctx, os.Stdin)
	} else {
		f, err := safepath.OpenInput(args[0], nil)
		if err != nil {
			return err
		}
		defer f.Close()
		from = f
	}
	rec, err := archive.Import(ctx, s.Path(), args[1], bufio.NewReaderSize(from, 1<<20), archive.ImportOptions{Unpacker: unpacker(), Bytes: r.bytes})
	if err != nil {
		return err
	}
	_, err = fmt.Printf("%s, upon %s\n", escape.All(rec.Name), escape.All(cmp.Or(rec.Ref, rec.Image, "host")))
	return err
}
