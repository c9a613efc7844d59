package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path"
	"text/tabwriter"
	"time"

	"github.com/jailrun/jail/internal/escape"
	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/rootfs/state"
	"github.com/jailrun/jail/rootfs/store"
	"golang.org/x/sys/unix"
)

var upgradeFlags = [...]flagRow{
	{"keep", "", "where both the state and the image have changed a file, keep the state's", "", "", toggle(func(r *request) *bool { return &r.keeps })},
	lineFlag,
	helpFlag,
}

var applyFlags = [...]flagRow{
	{"overwrite", "", "replace and remove too what you have changed since the program has", "", "", toggle(func(r *request) *bool { return &r.keeps })},
	helpFlag,
}

func stateVerbs() []command {
	return []command{
		{"state ls", "", "list the states", stateListHelp, objectFlags[:], false, 0, stateCommand(0, 0, listStates)},
		{"state diff", "NAME", "print what programs have changed", stateDiffHelp, lineFlags[:], false, -1, stateCommand(1, 1, diffState)},
		{"state apply", "NAME [PATH…]", "make the changes of a --cow folder in the folder itself", stateApplyHelp, applyFlags[:], false, -1, stateCommand(1, -1, applyState)},
		handed("state", "commit", "NAME IMAGE", "make an image of what was changed and what it lies over"),
		{"state upgrade", "NAME IMAGE", "move the changes to another image", stateUpgradeHelp, upgradeFlags[:], false, -1, stateCommand(2, 2, upgradeState)},
		handed("state", "export", "NAME FILE", "write the changes to a file, as a backup"),
		handed("state", "import", "FILE NAME", "make a state of a backup"),
		{"state discard", "NAME…", "remove states with all that they keep", stateDiscardHelp, plainFlags[:], false, -1, stateCommand(1, -1, discardStates)},
	}
}

var errArguments = errors.New("it takes other arguments")

// stateCommand runs one of the verbs with so many arguments, in the caller's store.
func stateCommand(least, most int, do func(context.Context, *request, *store.Store) error) func(*request) int {
	return func(r *request) int {
		if err := r.takes(least, most); err != nil {
			complain(err)
			return result.StatusFailed
		}
		ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
		defer stop()
		signal.Ignore(unix.SIGPIPE) // who stops reading must not keep what programs have closed from being closed again
		left := false
		status := withStore(func(s *store.Store) error {
			err := do(ctx, r, s)
			if left = errors.Is(err, unix.EPIPE); left {
				return nil
			}
			return err
		})
		if left {
			return result.StatusSignalOffset + int(unix.SIGPIPE)
		}
		return status
	}
}

// takes says whether a verb has so many arguments, and no flag among them.
func (r *request) takes(least, most int) error {
	for _, a := range r.argv {
		if len(a) > 1 && a[0] == '-' {
			return &failure{op: a, err: errLate, hint: "write flags before it"}
		}
	}
	if n := len(r.argv); n < least || most >= 0 && n > most {
		return &failure{op: "read the arguments", err: errArguments, hint: "--help says which"}
	}
	return nil
}

// stateRow is a row of "jail state ls --json".
type stateRow struct {
	*state.Record
	Disk int64 `json:"disk_bytes"` // that it takes of the host's
}

func listStates(_ context.Context, r *request, s *store.Store) error {
	records, err := state.List(s.Path())
	all := make([]stateRow, len(records))
	for i, rec := range records {
		used, _ := state.Used(s.Path(), rec.Name) // what can't be looked at is not counted
		all[i] = stateRow{rec, used}
	}
	if r.asJSON {
		return errors.Join(err, printJSON(all))
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STATE\tUPON\tMAY HOLD\tON DISK\tLAST USED")
	for _, l := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", escape.All(l.Name), escape.All(upon(l.Record)), size.Bytes(l.Bytes), size.Bytes(l.Disk), l.Used.Format(time.DateTime))
	}
	return errors.Join(err, w.Flush())
}

// upon says what a state lies over.
func upon(r *state.Record) string {
	const short = len("sha256:") + 12
	if r.Image == "" {
		return "host"
	}
	return cmp.Or(r.Ref, r.Image[:min(len(r.Image), short)])
}

// taken is a state and what it lies over, both held.
type taken struct {
	*state.State
	image *store.Image // nil for the host's system
}

func take(ctx context.Context, s *store.Store, name string) (*taken, error) {
	st, err := state.Take(ctx, s.Path(), name)
	if err != nil {
		return nil, err
	}
	t := &taken{State: st}
	if st.Image != "" {
		if t.image, err = s.Use(st.Image); err != nil {
			st.Close()
			return nil, err
		}
	}
	return t, nil
}

func (t *taken) close() {
	t.State.Close()
	if t.image != nil {
		t.image.Close()
	}
}

func diffState(ctx context.Context, r *request, s *store.Store) error {
	t, err := take(ctx, s, r.argv[0])
	if err != nil {
		return err
	}
	defer t.close()
	out := bufio.NewWriter(os.Stdout)
	l := &changeList{out: out, json: json.NewEncoder(out)}
	l.json.SetEscapeHTML(false)
	say := l.line
	if r.asJSON {
		say = func(c state.Change) error { return l.json.Encode(c) }
	}
	err = t.Diff(ctx, t.image.Stack(), say)
	if err == nil && !r.asJSON {
		_, err = fmt.Fprintf(out, "%d added, %d changed, %d deleted: %s\n", l.sum.Added, l.sum.Changed, l.sum.Deleted, size.Bytes(l.sum.Bytes).Words())
	}
	return errors.Join(out.Flush(), err) // what was told of comes first
}

// changeList prints changes as they come.
type changeList struct {
	out    *bufio.Writer
	json   *json.Encoder
	sum    state.Sum
	folder string // of the host's, that the last one was of
}

func (l *changeList) line(c state.Change) error {
	l.sum.Count(&c)
	if c.Folder != l.folder {
		l.folder = c.Folder
		if _, err := fmt.Fprintln(l.out, "over "+hostFolder(c.Folder)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(l.out, "%-8s %-7s %10s  %s\n", c.Kind, c.Type, sizeOf(&c), escape.All(c.Path))
	return err
}

// hostFolder is what changes lie over, for people.
func hostFolder(dir string) string {
	if dir == "" {
		return "the root"
	}
	return "the host's " + escape.All(dir)
}

// sizeOf is how large a file is, or what else of it was changed.
func sizeOf(c *state.Change) string {
	switch {
	case c.Only != "":
		return string(c.Only)
	case c.Type != "file":
		return "-"
	}
	return itoa(c.Bytes)
}

func applyState(ctx context.Context, r *request, s *store.Store) error {
	t, err := take(ctx, s, r.argv[0])
	if err != nil {
		return err
	}
	defer t.close()
	var named []string
	for _, p := range r.argv[1:] {
		if !path.IsAbs(p) {
			p = path.Join(box, p)
		}
		named = append(named, p)
	}
	a, err := t.Apply(ctx, named, state.ApplyOptions{Overwrite: r.keeps})
	for _, l := range a.Left {
		say("left " + escape.All(l.Path) + ": " + l.Err.Error())
	}
	if a.More > 0 {
		say("and " + itoa(int64(a.More)) + " more were left")
	}
	for _, dir := range a.Folders {
		fmt.Println("in " + hostFolder(dir))
	}
	if err == nil {
		_, err = fmt.Printf("%d added, %d changed, %d deleted\n", a.Added, a.Changed, a.Deleted)
	}
	if err == nil && len(a.Left) > 0 {
		err = errLeft
	}
	return err
}

var errLeft = errors.New("not all changes were applied; what was left is still in the state")

func upgradeState(ctx context.Context, r *request, s *store.Store) error {
	t, err := take(ctx, s, r.argv[0])
	if err != nil {
		return err
	}
	defer t.close()
	to, err := s.Use(r.argv[1])
	if err != nil {
		return err
	}
	defer to.Close()
	from := state.Base{ID: t.Image, Ref: t.Ref, Stack: t.image.Stack()}
	n, err := t.Upgrade(ctx, from, state.Base{ID: to.ID.String(), Ref: to.Name, Stack: to.Stack()}, state.UpgradeOptions{Keep: r.keeps, Say: func(c state.Conflict) error {
		if r.asJSON {
			return printJSON(c)
		}
		_, err := fmt.Printf("conflict %s: %s in the state, %s in the image\n", escape.All(c.Path), c.State, c.Image)
		return err
	}})
	if err == nil && !r.asJSON {
		_, err = fmt.Printf("%s is upon %s now, %d conflicts\n", escape.All(t.Name), escape.All(upon(&t.Record)), n)
	}
	return err
}

func discardStates(ctx context.Context, r *request, s *store.Store) error {
	var errs []error
	for _, name := range r.argv {
		errs = append(errs, state.Discard(ctx, s.Path(), name))
	}
	return errors.Join(errs...)
}
