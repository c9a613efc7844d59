package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/rootfs/image"
	"github.com/jailrun/jail/rootfs/store"
)

// importRequest is what a command line of "jaild image import" asks for.
type importRequest struct {
	key        string
	ref        string
	except     []string
	most       size.Bytes
	unconfined bool
	json       bool
	quiet      bool
}

var imageImportFlags = [...]flagRow[importRequest]{
	{"key", "FILE", "take nothing that is not signed by the public key in FILE (jail image sign)", textFlag(func(r *importRequest) *string { return &r.key })},
	{"ref", "NAME", "of several images take the one that the source calls NAME", textFlag(func(r *importRequest) *string { return &r.ref })},
	{"except", "GLOB", "leave paths of a FOLDER out, with all below them, as var/cache/*; repeatable", addExcept},
	{"most", "SIZE", "how much a layer may hold (default 64G)", setMost},
	{"unconfined", "", "unpack on a host that forbids user namespaces too, with the walls that it can have", switchFlag(func(r *importRequest) *bool { return &r.unconfined })},
	{"json", "", "print one JSON object", switchFlag(func(r *importRequest) *bool { return &r.json })},
	{"quiet", "", "no lines but errors", switchFlag(func(r *importRequest) *bool { return &r.quiet })},
	{"help", "", "print the help", func(*importRequest, string) error { return nil }},
}

func addExcept(r *importRequest, v string) error {
	if _, err := path.Match(v, ""); err != nil {
		return &Error{Op: "read", Object: "--except " + v, Err: errGlob, Hint: "* is any run of letters but a slash, ? is one, [a-z] one of them"}
	}
	r.except = append(r.except, strings.Trim(v, "/"))
	return nil
}

func setMost(r *importRequest, v string) (err error) {
	r.most, err = size.Parse(v)
	return err
}

// excepted says which paths are left out; nil where all are taken.
func (r *importRequest) excepted() func(string) bool {
	if len(r.except) == 0 {
		return nil
	}
	return func(p string) bool {
		for _, glob := range r.except {
			if is, err := path.Match(glob, p); is && err == nil {
				return true
			}
		}
		return false
	}
}

func imageImportHelp() string {
	var b bytes.Buffer
	b.WriteString(`Usage: jail image import [flags] TAR|FOLDER|LAYOUT|- NAME

Bring an image into the store: an OCI layout, as a folder or in a tar file; what docker
save writes; a tar archive of a root file system, plain or compressed by gzip or zstd;
or a folder with one. A - is a tar file that comes from standard input. Layers that the
store has are not read again. Whatever is not as its digest says, leads out of its layer,
or could fill the host is refused, and nothing of it stays.

`)
	writeFlags(&b, imageImportFlags[:])
	b.WriteString(`
    jail image import debian.tar debian:12
    jail image import --key builds.key.pub ./layout team/app:1.2
    docker save team/app:1.2 | jail image import - team/app:1.2
    jail image import --except 'var/cache/*' /srv/chroots/bookworm bookworm
`)
	return b.String()
}

func imageImport(ctx context.Context, args []string) (int, error) {
	r := &importRequest{}
	args, err := readFlags("image import", imageImportFlags[:], r, args)
	if err == nil {
		args, err = wordsOf("import", "debian.tar debian:12", args, 2, 2)
	}
	if err != nil {
		return 0, err
	}
	name, err := store.ParseName(args[1])
	if err != nil {
		return 0, err
	}
	o := image.Options{Unpacker: unpacker(), Ref: r.ref, LeaveOutDevices: true, AllowUnconfined: r.unconfined, Except: r.excepted()}
	o.Limits.Bytes = int64(r.most)
	if r.key != "" {
		if o.Key, err = readPublicKey(r.key); err != nil {
			return 0, err
		}
	}
	s, err := openStore(ctx, store.Options{Create: true})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	bar := newBar(os.Stderr)
	if !r.quiet {
		o.Progress = bar.show
	}
	done, err := r.importFrom(ctx, s, args[0], name, o)
	bar.clear()
	if err != nil {
		return 0, err
	}
	return 0, r.told(done)
}

// importFrom imports what is at a path, or comes from standard input.
func (r *importRequest) importFrom(ctx context.Context, s *store.Store, path string, name store.Name, o image.Options) (*image.Imported, error) {
	if path != standard {
		return image.Import(ctx, s, path, name, o)
	}
	if r.key != "" {
		return nil, &Error{Op: "read", Object: "--key " + r.key, Err: errUnsigned, Hint: "name the file, with its signature beside it"}
	}
	m, err := s.Make()
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if path, err = spooled(s, m, readInput(ctx, os.Stdin), max(r.most, mostInput)); err != nil {
		return nil, err
	}
	done, err := image.Import(ctx, s, path, name, o)
	var e *image.Error
	if errors.As(err, &e) && e.Object == path {
		e.Object = standardInput
	}
	return done, err
}

// mostInput is what comes from standard input at most, but with a larger --most.
const mostInput = 64 * size.GiB

func (r *importRequest) told(done *image.Imported) error {
	if !r.quiet {
		for _, line := range notes(done) {
			say("%s", line)
		}
	}
	if r.json {
		return printJSON(done)
	}
	_, err := fmt.Printf("%s %s\n", done.Name, done.ID)
	return err
}

// notes are what is not as whoever made the image would expect it.
func notes(done *image.Imported) (lines []string) {
	var devices, implied int64
	present := 0
	unconfined := false
	for _, l := range done.Layers {
		if l.Present {
			present++
			continue
		}
		devices, implied = devices+l.Devices, implied+l.Implied
		unconfined = unconfined || len(l.Walls) < leastWalls
	}
	if present > 0 {
		lines = append(lines, fmt.Sprintf("%d of %d layers were there, and were not read", present, len(done.Layers)))
	}
	if devices > 0 {
		lines = append(lines, fmt.Sprintf("%d devices, FIFOs or sockets were left out: a jail has a /dev of its own", devices))
	}
	if implied > 0 {
		lines = append(lines, fmt.Sprintf("%d folders are root's and of mode 0755, since the archive says nothing of them", implied))
	}
	if unconfined {
		lines = append(lines, "it was unpacked without all walls, as --unconfined allows; --json names those that stood")
	}
	return lines
}

// leastWalls stand wherever user namespaces may be made.
const leastWalls = 4
