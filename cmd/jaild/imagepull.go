package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/image"
	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/registry"
	"github.com/jailrun/jail/rootfs/store"
	"golang.org/x/sys/unix"
)

// pulled is what --json prints.
type pulled struct {
	Reference string          `json:"reference"` // with the digest that it had
	Manifest  digest.Digest   `json:"manifest"`
	Index     digest.Digest   `json:"index,omitzero"` // that the image was chosen from
	ID        digest.Digest   `json:"id"`
	Name      string          `json:"name,omitempty"`   // in the store
	Layout    string          `json:"layout,omitempty"` // the folder, without the store
	Bytes     int64           `json:"bytes"`            // as they were transferred
	Layers    []image.Outcome `json:"layers,omitempty"`
}

// imageCommand is "jaild image pull".
func imageCommand(args []string) int {
	if len(args) == 0 || args[0] != "pull" {
		complain(&Error{Op: "read the command line", Object: "image", Err: errUsage, Hint: `"jaild help image pull" says what there is; all else of images is jail's`})
		return result.StatusFailed
	}
	r, err := parsePull(args[1:])
	if err == nil && r.help {
		return printed(os.Stdout, pullHelp())
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
		defer stop()
		defer context.AfterFunc(ctx, stop)() // a second signal ends it at once
		err = r.run(ctx, os.Stdout)
	}
	if err != nil {
		complain(err)
		return result.StatusFailed
	}
	return 0
}

func (r *pullRequest) run(ctx context.Context, w io.Writer) error {
	p, err := r.pull(ctx)
	if err != nil {
		return err
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
		return fmt.Sprintf("%s: %s, %s", p.Layout, p.Reference, rounded(p.Bytes))
	}
	present := 0
	for _, l := range p.Layers {
		if l.Present {
			present++
		}
	}
	return fmt.Sprintf("%s: %s, %d layers (%d were there), %s", p.Name, p.ID, len(p.Layers), present, rounded(p.Bytes))
}

// rounded is an amount in few digits.
func rounded(n int64) string {
	for _, unit := range [...]size.Bytes{size.GiB, size.MiB, size.KiB} {
		if size.Bytes(n) >= 10*unit {
			return (size.Bytes(n) / unit * unit).String()
		}
	}
	return size.Bytes(n).String()
}

func (r *pullRequest) pull(ctx context.Context) (*pulled, error) {
	if r.layout != "" {
		if err := os.Mkdir(r.layout, 0o755); err != nil { // #nosec G301 -- as any folder that the caller makes, less the umask
			return nil, &Error{Op: "make the folder", Object: r.layout, Err: unwrapped(err), Hint: "name one that is not there yet"}
		}
		p, err := r.fetch(ctx, r.layout)
		p.Layout = r.layout
		return p, err
	}
	s, err := store.Open(store.Options{Create: true})
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
	p.ID, p.Name, p.Layers = done.ID, done.Name, done.Layers
	return p, nil
}

func (r *pullRequest) fetch(ctx context.Context, dir string) (*pulled, error) {
	b := newBars(os.Stderr)
	i, err := registry.Pull(ctx, r.reference, dir, registry.Options{
		Platform: r.platform, Limits: registry.Limits{Bytes: r.most}, AllowPlainHTTP: r.plainHTTP,
		UserAgent: "jail/" + version, Progress: b.progress(),
	})
	b.end()
	return &pulled{Reference: i.Reference, Manifest: i.Manifest, Index: i.Index, ID: i.ID, Bytes: i.Bytes}, err
}

// importOptions puts the signature beside the layout, where an import looks for it.
func (r *pullRequest) importOptions(dir string) (o image.Options, err error) {
	self := r.unpacker
	if self == "" {
		if self, err = os.Executable(); err != nil {
			return o, &Error{Op: "find", Object: "this program", Err: err, Hint: "mount /proc"}
		}
	}
	o = image.Options{
		Unpacker:        layer.Command{Path: self, Args: []string{layer.UnpackerName}},
		Platform:        image.Platform{OS: r.platform.OS, Arch: r.platform.Architecture, Variant: r.platform.Variant},
		LeaveOutDevices: r.devices, AllowUnconfined: r.barely,
	}
	if r.key == "" {
		return o, nil
	}
	key, err := readSmall(r.key)
	if err != nil {
		return o, err
	}
	o.Key = string(key)
	signature, err := readSmall(r.signature)
	if err != nil {
		return o, err
	}
	if err := os.WriteFile(dir+".sig", signature, 0o600); err != nil {
		return o, &Error{Op: "write", Object: dir, Err: err}
	}
	return o, nil
}

// readSmall reads a key or a signature.
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
		return nil, &Error{Op: "read", Object: path, Err: err, Hint: "name the file of a key or signature"}
	}
	return slices.Clip(b), nil
}

// unwrapped leaves out what an Error says itself: the operation and the path.
func unwrapped(err error) error {
	if p, ok := err.(*os.PathError); ok {
		return p.Err
	}
	return err
}
