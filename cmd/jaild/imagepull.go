package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/image"
	"github.com/jailrun/jail/rootfs/registry"
	"github.com/jailrun/jail/rootfs/store"
)

// pulled is what --json prints.
type pulled struct {
	Reference string        `json:"reference"` // with the digest that it had
	Manifest  digest.Digest `json:"manifest"`
	Index     digest.Digest `json:"index,omitzero"`   // that the image was chosen from
	Bytes     int64         `json:"bytes"`            // as they were transferred
	Layout    string        `json:"layout,omitempty"` // the folder; then there is no name
	image.Imported
}

// imagePull is "jaild image pull".
func imagePull(ctx context.Context, args []string) (int, error) {
	r, err := parsePull(args)
	if err != nil {
		return 0, err
	}
	return 0, r.run(ctx, os.Stdout)
}

func (r *pullRequest) run(ctx context.Context, w io.Writer) error {
	p, err := r.pull(ctx)
	if err != nil {
		return err
	}
	if !r.quiet {
		for _, line := range notes(&p.Imported) {
			say("%s", line)
		}
	}
	if r.json {
		err = json.NewEncoder(w).Encode(p)
	} else {
		_, err = fmt.Fprintln(w, p)
	}
	if err != nil {
		return &Error{Op: "write to", Object: "standard output", Err: err}
	}
	return nil
}

// String is the line that a person reads.
func (p *pulled) String() string {
	if p.Layout != "" {
		return p.Layout + " " + p.Manifest.String()
	}
	return p.Name + " " + p.ID.String()
}

func (r *pullRequest) pull(ctx context.Context) (*pulled, error) {
	if r.layout != "" {
		if err := os.Mkdir(r.layout, 0o755); err != nil { // #nosec G301 G703 -- the caller names it, and it is made as he makes any
			return nil, &Error{Op: "make the folder", Object: r.layout, Err: unwrapped(err), Hint: "name one that is not there yet"}
		}
		p, err := r.fetch(ctx, r.layout)
		if err != nil {
			err = errors.Join(err, os.RemoveAll(r.layout)) // #nosec G703 -- made just now; what is half there would stand in the way of the next try
		}
		return p, err
	}
	s, err := openStore(ctx, store.Options{Create: true})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return r.pullInto(ctx, s)
}

// pullInto fetches to a folder of the store, which is reclaimed by gc if this process
// is killed, and imports from there.
func (r *pullRequest) pullInto(ctx context.Context, s *store.Store) (*pulled, error) {
	m, err := s.Make()
	if err != nil {
		return nil, err
	}
	defer m.Close()
	const folder = "pulled"
	f, err := m.Folder(folder)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	dir := filepath.Join(s.Path(), m.Dir().Name(), folder)
	p, err := r.fetch(ctx, dir)
	if err != nil {
		return nil, err
	}
	o, err := r.importOptions(dir)
	if err != nil {
		return nil, err
	}
	done, err := image.Import(ctx, s, dir, r.name, o)
	if err != nil {
		return nil, err
	}
	p.Imported = *done
	return p, nil
}

func (r *pullRequest) fetch(ctx context.Context, dir string) (*pulled, error) {
	b := newBars(os.Stderr, r.quiet)
	i, err := registry.Pull(ctx, r.reference, dir, registry.Options{
		Platform: r.platform, Limits: registry.Limits{Bytes: r.most}, AllowPlainHTTP: r.plainHTTP,
		UserAgent: "jail/" + version, Progress: b.progress(),
	})
	b.end()
	if err != nil {
		return nil, err
	}
	return &pulled{Reference: i.Reference, Manifest: i.Manifest, Index: i.Index, Bytes: i.Bytes, Layout: r.layout, Imported: image.Imported{ID: i.ID}}, nil
}

// importOptions puts the signature beside the layout, where an import looks for it.
func (r *pullRequest) importOptions(dir string) (o image.Options, err error) {
	o = image.Options{
		Unpacker: r.unpacker, LeaveOutDevices: true, AllowUnconfined: r.barely,
		Platform: image.Platform{OS: r.platform.OS, Arch: r.platform.Architecture, Variant: r.platform.Variant},
	}
	if o.Unpacker.Path == "" {
		o.Unpacker = unpacker()
	}
	if r.key == "" {
		return o, nil
	}
	if o.Key, err = readPublicKey(r.key); err != nil {
		return o, err
	}
	signature, err := readSmall(r.signature)
	if err != nil {
		return o, err
	}
	if err := os.WriteFile(dir+".sig", signature, 0o600); err != nil { // #nosec G703 -- in the folder that is being made in the store
		return o, &Error{Op: "write", Object: dir, Err: err}
	}
	return o, nil
}

// readSmall reads a signature.
func readSmall(path string) ([]byte, error) {
	f, err := safepath.OpenInput(path, nil)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const most = 64 << 10
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(b) > most {
		err = errLong
	}
	if err != nil {
		return nil, &Error{Op: "read", Object: path, Err: err, Hint: "name the file that jail image sign has made"}
	}
	return b, nil
}

// unwrapped leaves out what an Error says itself: the operation and the path.
func unwrapped(err error) error {
	switch e := err.(type) {
	case *os.PathError:
		return e.Err
	case *os.SyscallError:
		return e.Err
	}
	return err
}
