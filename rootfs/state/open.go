package state

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/jailrun/jail/internal/filelock"
	"github.com/jailrun/jail/internal/removal"
	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs/disk"
	"golang.org/x/sys/unix"
)

// Want is what a run asks of its state.
type Want struct {
	Image string // ID of the image below it, "" for the host's system
	Ref   string // as what that was named
	User  string // who the program is inside
	Bytes int64  // that it may hold, if it is made
	Parts []Part // without Dir: what it is to keep
}

// State is one that is in use: nobody else uses it until it is closed, and no process
// has its Lock any more.
type State struct {
	Record
	dir  string
	lock *os.File // of an ordinary user's
	root *os.File // the folder that holds the parts: a detached mount, or the tree
}

// Open takes a state for a run, and makes it if there is none. The error is an *Error,
// with ErrInUse, ErrOtherImage, ErrOtherUser or ErrDamaged among its causes.
func Open(ctx context.Context, store, name string, w Want) (*State, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	s, err := take(ctx, store, name)
	if errors.Is(err, ErrNoState) {
		if err = Create(ctx, store, name, w, nil); err == nil || errors.Is(err, ErrExists) {
			s, err = take(ctx, store, name)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := s.serve(w); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Take takes a state that is there, to look at it or to change it.
func Take(ctx context.Context, store, name string) (*State, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	return take(ctx, store, name)
}

// patience is how long a state is waited for: its jail may be on its way out.
const patience = 2 * time.Second

func take(ctx context.Context, store, name string) (*State, error) {
	for range mostTakes {
		s, err := tryTake(ctx, store, name)
		if !errors.Is(err, errReplaced) {
			return s, err
		}
	}
	return nil, &Error{Op: "use", Object: name, Err: ErrInUse, Hint: "it is made and removed all the time"}
}

// errReplaced: what was held is no longer what the name leads to.
var errReplaced = errors.New("it was replaced meanwhile")

const mostTakes = 16

// tryTake holds what the name leads to, and looks then whether it still does: it may
// have been discarded, and made anew, while its lock was waited for.
func tryTake(ctx context.Context, store, name string) (*State, error) {
	s := &State{dir: filepath.Join(Dir(store), name), Record: Record{Name: name}}
	if _, err := read(s.dir); err != nil {
		return nil, recordError("use", name, err)
	}
	folder, err := os.OpenFile(s.dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, recordError("use", name, err)
	}
	defer folder.Close()
	if err := s.hold(ctx, int(folder.Fd())); err != nil {
		s.Close()
		return nil, s.fail("use", err)
	}
	if !safepath.LeadsTo(folder, s.dir) {
		s.Close()
		return nil, errReplaced
	}
	r, err := read(s.dir)
	if err != nil {
		s.Close()
		return nil, recordError("use", name, err)
	}
	s.Record = *r
	return s, nil
}

func (s *State) fail(op string, err error) error {
	hint := ""
	if errors.Is(err, disk.ErrInUse) || errors.Is(err, filelock.ErrBusy) {
		err, hint = ErrInUse, "a state serves one jail at a time: wait for its end, or name another"
	}
	return &Error{Op: op, Object: s.Name, Err: err, Hint: hint}
}

// hold takes the lock of the state in a folder, and opens what holds the parts.
func (s *State) hold(ctx context.Context, folder int) (err error) {
	file, err := open(folder, diskFile, unix.O_RDWR)
	if err == nil {
		defer file.Close()
		s.root, err = disk.Mount(ctx, file)
		return err
	}
	if !errors.Is(err, unix.ENOENT) {
		return err
	}
	if s.lock, err = open(folder, lockFile, unix.O_RDWR); err != nil {
		return err
	}
	if err = filelock.Lock(ctx, s.lock, unix.LOCK_EX, patience); err != nil {
		return err
	}
	s.root, err = open(folder, treeDir, unix.O_RDONLY|unix.O_DIRECTORY)
	return err
}

// open opens one name in a folder.
func open(folder int, name string, flags int) (*os.File, error) {
	fd, err := unix.Openat(folder, name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

// Root is the folder that holds the parts: as root a mount that is attached nowhere.
func (s *State) Root() *os.File { return s.root }

// Mounted says whether Root is a file system of the state's own, which holds no more
// than Bytes. An ordinary user's is a folder at Path.
func (s *State) Mounted() bool { return s.lock == nil }

// Path is the folder of the parts, where it is one.
func (s *State) Path() string { return filepath.Join(s.dir, treeDir) }

// PathOf is the Path that a state of this name has, or would have.
func PathOf(store, name string) string { return filepath.Join(Dir(store), name, treeDir) }

// Lock is the descriptor that keeps an ordinary user's state from others for as long
// as any process has it; nil where the kernel's mount does.
func (s *State) Lock() *os.File { return s.lock }

// Written has all that was changed written to the disk of the store. An error tells of
// what is lost: a file system of the state's own takes from a program what the store has
// no room for, and hears of that later (syncfs(2)). The caller's own, in a folder, refuses
// at once.
func (s *State) Written() error {
	if !s.Mounted() {
		return nil
	}
	root, err := open(int(s.root.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY) // the mount's own is an O_PATH
	if err != nil {
		return &Error{Op: "write", Object: s.Name, Err: err}
	}
	defer root.Close()
	if err := unix.Syncfs(int(root.Fd())); err != nil {
		return &Error{Op: "keep all that was changed in", Object: s.Name, Err: os.NewSyscallError("syncfs", err),
			Hint: "some of it is lost: the file system of " + filepath.Dir(s.dir) + " is full, or fails; make room there before the state is used again"}
	}
	return nil
}

// Close gives the state back.
func (s *State) Close() {
	for _, f := range []*os.File{s.root, s.lock} {
		if f != nil {
			f.Close()
		}
	}
}

// serve holds a state to what a run wants of it, and makes what parts it lacks.
func (s *State) serve(w Want) error {
	switch {
	case s.Image != w.Image:
		return &Error{Op: "use", Object: s.Name, Err: ErrOtherImage,
			Hint: "leave --image out, or move it over to that image: jail state upgrade " + s.Name + " IMAGE"}
	case s.User != w.User:
		return &Error{Op: "use", Object: s.Name, Err: ErrOtherUser, Hint: "name --user " + s.User + ", or another state"}
	}
	before := slices.Clone(s.Parts)
	for _, p := range w.Parts {
		have := s.Part(p.Target)
		if have == nil {
			p.Dir = partDir(len(s.Parts))
			s.Parts = append(s.Parts, p)
			have = &s.Parts[len(s.Parts)-1]
			if err := s.makePart(have); err != nil {
				return s.fail("use", err)
			}
		}
		if have.Source == "" && have.Kind == p.Kind { // of a backup: it lies over what the caller says
			have.Source, have.Dev, have.Ino = p.Source, p.Dev, p.Ino
		}
		if have.Source != p.Source || have.Kind != p.Kind {
			return &Error{Op: "use", Object: s.Name, Err: Fault("it keeps the changes of " + cmp.Or(have.Source, "an image") + " at " + p.Target), Hint: "name another state, or another place for the folder"}
		}
		if have.Kind == KindCOW && !have.isOf(p.Dev, p.Ino) {
			return &Error{Op: "use", Object: s.Name, Err: ErrOtherFolder, Hint: "its changes are of the folder that was there; name another state"}
		}
	}
	return s.note(before)
}

// note has the record tell of a use, and of the parts where these are others than before.
func (s *State) note(before []Part) error {
	tell := s.use
	if !slices.EqualFunc(before, s.Parts, sameRecord) {
		tell = s.write
	}
	if err := tell(s.dir); err != nil {
		return s.fail("use", err)
	}
	return nil
}

// sameRecord says whether a part is written as it was: a use changes neither its kind nor
// its folder.
func sameRecord(a, b Part) bool {
	return a.Target == b.Target && a.Source == b.Source && a.Dev == b.Dev && a.Ino == b.Ino
}

// makePart makes the folders of a part, once: later its programs have been there.
func (s *State) makePart(p *Part) error {
	upper := p.Dir + "/" + UpperDir
	list := []string{p.Dir, upper, p.Dir + "/" + workDir}
	for _, d := range p.Dirs {
		list = append(list, upper+d)
	}
	for _, d := range list {
		if err := unix.Mkdirat(int(s.root.Fd()), d, 0o755); err != nil && err != unix.EEXIST {
			return &os.PathError{Op: "mkdir", Path: d, Err: err}
		}
	}
	return nil
}

// Adopt has a state that was just made be what a record says.
func (s *State) Adopt(r *Record) error {
	s.Parts, s.Made, s.Imported = r.Parts, r.Made, true
	for i := range s.Parts { // what lies below is for who uses it to say, and not for a backup
		s.Parts[i].Source, s.Parts[i].Dev, s.Parts[i].Ino = "", 0, 0
	}
	for i := range s.Parts {
		if err := s.makePart(&s.Parts[i]); err != nil {
			return s.fail("make", err)
		}
	}
	if err := s.write(s.dir); err != nil {
		return s.fail("make", err)
	}
	return nil
}

// Folder opens the folder of a part, in which its upper layer is.
func (s *State) Folder(p *Part) (*os.File, error) {
	f, err := open(int(s.root.Fd()), p.Dir, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, s.fail("open", err)
	}
	return f, nil
}

// Create makes a state, and gives it its name when it is whole. What fill puts into it is
// there from the first; a nil fill leaves it empty.
func Create(ctx context.Context, store, name string, w Want, fill func(*State) error) error {
	if err := checkName(name); err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(Dir(store), name)); err == nil {
		return &Error{Op: "make", Object: name, Err: ErrExists}
	}
	if err := os.MkdirAll(Dir(store), 0o700); err != nil {
		return &Error{Op: "make", Object: name, Err: err, Hint: "set JAIL_STORE to a folder of your own"}
	}
	held, err := newFolder(store)
	if err != nil {
		return &Error{Op: "make", Object: name, Err: err}
	}
	tmp := held.Name()
	defer func() { _ = removal.All(tmp) }() // it has another name by then, if it was made
	defer held.Close()
	if err = makeIn(ctx, held, name, w, fill); err == nil {
		err = unix.Renameat2(unix.AT_FDCWD, tmp, unix.AT_FDCWD, filepath.Join(Dir(store), name), unix.RENAME_NOREPLACE)
		if err == unix.EEXIST {
			err = ErrExists
		}
	}
	var e *Error
	if err != nil && !errors.As(err, &e) {
		err = &Error{Op: "make", Object: name, Err: err}
	}
	return err
}

// newFolder makes a folder for what gets its name later, and takes its lock. Sweep may
// have come first: it takes one that is not locked yet for a killed maker's.
func newFolder(store string) (*os.File, error) {
	for range mostTakes {
		tmp, err := os.MkdirTemp(Dir(store), ".new-")
		if err != nil {
			return nil, err
		}
		held, err := filelock.Folder(tmp)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.ENOENT):
			continue
		case err != nil:
			return nil, errors.Join(err, os.Remove(tmp))
		case safepath.LeadsTo(held, tmp):
			return held, nil
		}
		held.Close()
	}
	return nil, ErrInUse
}

// makeIn makes a state in a folder that has not its name yet.
func makeIn(ctx context.Context, folder *os.File, name string, w Want, fill func(*State) error) error {
	dir, now := folder.Name(), time.Now().UTC()
	s := &State{dir: dir, Record: Record{Schema: Schema, Name: name, Image: w.Image, Ref: w.Ref, User: w.User, Bytes: w.Bytes, Made: now, Used: now}}
	if err := s.write(dir); err != nil {
		return err
	}
	if err := furnish(ctx, dir, w.Bytes); err != nil || fill == nil {
		return err
	}
	defer s.Close()
	if err := s.hold(ctx, int(folder.Fd())); err != nil {
		return err
	}
	return fill(s)
}

// furnish makes the place of the parts: root's is a disk of the size that was asked
// for, since nothing else bounds what a folder of his takes.
func furnish(ctx context.Context, dir string, bytes int64) error {
	if os.Geteuid() == 0 {
		return disk.Make(ctx, filepath.Join(dir, diskFile), disk.Options{Bytes: bytes})
	}
	if err := os.Mkdir(filepath.Join(dir, treeDir), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, lockFile), nil, 0o600)
}

// Discard removes a state and all that it keeps.
func Discard(ctx context.Context, store, name string) error {
	s, err := Take(ctx, store, name)
	var e *Error
	if errors.As(err, &e) && errors.Is(err, ErrDamaged) {
		s, err = takeDamaged(ctx, store, name)
	}
	if err != nil {
		return err
	}
	defer s.Close()
	gone := filepath.Join(Dir(store), ".gone-"+name+"-"+strconv.FormatInt(time.Now().UnixNano(), 36))
	held, err := filelock.Folder(s.dir)
	if err != nil {
		return s.fail("discard", err)
	}
	defer held.Close()
	if err := os.Rename(s.dir, gone); err != nil {
		return s.fail("discard", err)
	}
	if err := removal.All(gone); err != nil {
		return s.fail("discard", err)
	}
	return nil
}

// takeDamaged holds a state whose record can't be read: a jail that has begun before may
// use it still. What it lacks of its parts does not keep it from being removed.
func takeDamaged(ctx context.Context, store, name string) (*State, error) {
	s := &State{Record: Record{Name: name}, dir: filepath.Join(Dir(store), name)}
	folder, err := os.OpenFile(s.dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, recordError("discard", name, err)
	}
	defer folder.Close()
	err = s.claim(ctx, int(folder.Fd()))
	if err == nil && !safepath.LeadsTo(folder, s.dir) {
		err = errReplaced
	}
	if err != nil {
		s.Close()
		return nil, s.fail("discard", err)
	}
	return s, nil
}

// claim takes the lock of the state in a folder, if that has one, and opens nothing of it.
func (s *State) claim(ctx context.Context, folder int) (err error) {
	for _, name := range [...]string{diskFile, lockFile} {
		s.lock, err = open(folder, name, unix.O_RDWR)
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		if err != nil {
			return err
		}
		return filelock.Lock(ctx, s.lock, unix.LOCK_EX, patience)
	}
	return nil
}

// Sweep removes what killed makers and removers of states have left.
func Sweep(store string) error {
	entries, err := os.ReadDir(Dir(store))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		dir := filepath.Join(Dir(store), e.Name())
		if e.Name()[0] != '.' {
			continue
		}
		held, heldErr := filelock.Folder(dir)
		if heldErr != nil {
			continue // somebody is at it
		}
		err = errors.Join(err, removal.All(dir))
		held.Close()
	}
	return err
}
