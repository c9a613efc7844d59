package image

import (
	"context"
	"errors"
	"slices"

	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/store"
	"golang.org/x/sys/unix"
)

// Verified is what Verify found of an image.
type Verified struct {
	ID       digest.Digest `json:"id"`
	Names    []string      `json:"names"`
	Problems []Problem     `json:"problems"`
}

// Problem is something that is not as it was imported.
type Problem struct {
	Layer digest.Digest `json:"layer,omitzero"` // none: the image's own record
	Path  string        `json:"path,omitempty"` // in the layer's tree
	Text  string        `json:"text"`
	Err   error         `json:"-"`
}

// Intact says whether nothing was found.
func (v *Verified) Intact() bool { return len(v.Problems) == 0 }

// damaged are the layers with problems.
func (v *Verified) damaged() (layers []digest.Digest) {
	for _, p := range v.Problems {
		if p.Layer != (digest.Digest{}) && !slices.Contains(layers, p.Layer) {
			layers = append(layers, p.Layer)
		}
	}
	return layers
}

// Verify reads all that the image of a ref, or with "" each image, consists of, and
// holds it to its digests and to what its archives say. Layers that several have are
// read once. What is found intact, and was not known to be on the disk, is then; what is
// damaged is known to be so, and made anew by the next import of it.
func Verify(ctx context.Context, s *store.Store, ref string) ([]Verified, error) {
	v := &verifier{ctx: ctx, store: s, layers: map[digest.Digest][]Problem{}}
	list, err := v.list(ref)
	if err != nil {
		return nil, err
	}
	var all []Verified
	for _, i := range list {
		found, err := v.image(i.ID)
		if err != nil {
			return all, err
		}
		found.Names = append([]string{}, i.Names...) // in JSON no list is null
		found.Problems = append([]Problem{}, found.Problems...)
		all = append(all, found)
	}
	return all, s.Sync()
}

// Assure is what store.Options.Verify can be.
func Assure(ctx context.Context, s *store.Store) func(*store.Image) error {
	return func(i *store.Image) error {
		v := &verifier{ctx: ctx, store: s, layers: map[digest.Digest][]Problem{}}
		found, err := v.held(i)
		if err != nil {
			return err
		}
		if !found.Intact() {
			return &Error{Op: "verify", Object: i.ID.String(), Err: ErrDamaged, Hint: found.Problems[0].Text + ": import it again"}
		}
		return nil
	}
}

type verifier struct {
	ctx    context.Context
	store  *store.Store
	layers map[digest.Digest][]Problem // those that were looked at
}

type listed struct {
	ID    digest.Digest
	Names []string
}

// list has the images whose record can't be read too.
func (v *verifier) list(ref string) (list []listed, err error) {
	if ref != "" {
		name, id, err := v.store.Resolve(ref)
		if err != nil {
			return nil, err
		}
		l := listed{ID: id}
		if name != "" {
			l.Names = []string{name}
		}
		return []listed{l}, nil
	}
	names, err := v.store.Named()
	for id, n := range names {
		list = append(list, listed{id, n})
	}
	slices.SortFunc(list, func(a, b listed) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return list, err
}

func (v *verifier) image(id digest.Digest) (Verified, error) {
	i, err := v.store.Hold(id)
	if err != nil {
		if errors.Is(err, store.ErrDamaged) || errors.Is(err, unix.ENOENT) {
			return Verified{ID: id, Problems: []Problem{{Text: err.Error(), Err: err}}}, nil
		}
		return Verified{}, err
	}
	defer i.Close()
	found, err := v.held(i)
	switch {
	case err != nil:
	case found.Intact():
		err = v.store.Verified(i)
	default:
		err = v.store.Doubt(i.ID, found.damaged())
	}
	return found, err
}

// held verifies an image that is held.
func (v *verifier) held(i *store.Image) (Verified, error) {
	found := Verified{ID: i.ID}
	if err := v.config(i); err != nil {
		found.Problems = append(found.Problems, Problem{Text: err.Error(), Err: err})
	}
	for _, l := range i.Layers {
		problems, seen := v.layers[l.DiffID]
		if !seen {
			var err error
			if problems, err = v.layer(l.DiffID); err != nil {
				return found, err
			}
			v.layers[l.DiffID] = problems
		}
		found.Problems = append(found.Problems, problems...)
	}
	return found, nil
}

// config holds the record to the configuration, and that to the image's ID.
func (v *verifier) config(i *store.Image) error {
	b, err := v.store.ConfigFile(i.ID)
	if err != nil {
		return err
	}
	c := &config{}
	if err := parse("the image's configuration", b, c); err != nil {
		return err
	}
	var have []digest.Digest
	for _, l := range i.Layers {
		have = append(have, l.DiffID)
	}
	if !slices.Equal(have, c.RootFS.DiffIDs) {
		return &Error{Op: "verify", Object: "the record of " + i.ID.String(), Err: ErrLayers, Hint: "import the image again"}
	}
	return users(i)
}

// users holds those of the record to those of the layers.
func users(i *store.Image) error {
	told, err := i.Accounts()
	if err != nil {
		return err
	}
	have, err := store.ReadAccounts(i.Stack())
	if err == nil && told != have {
		err = &Error{Op: "verify", Object: "the record of " + i.ID.String(), Err: ErrAccounts, Hint: "import the image again"}
	}
	return err
}

func (v *verifier) layer(id digest.Digest) ([]Problem, error) {
	r, err := v.store.LayerRecord(id)
	if err == nil {
		dir, e := v.store.LayerDir(id)
		if err = e; err == nil {
			defer dir.Close()
			report, e := layer.Verify(v.ctx, dir, layer.VerifyOptions{DiffID: id, MappedOwner: r.MappedOwner})
			if e == nil {
				return problemsOf(id, report), nil
			}
			err = e
		}
	}
	if v.ctx.Err() != nil {
		return nil, v.ctx.Err()
	}
	return []Problem{{Layer: id, Text: err.Error(), Err: err}}, nil
}

func problemsOf(id digest.Digest, r *layer.Report) (list []Problem) {
	for _, p := range r.Problems {
		list = append(list, Problem{Layer: id, Path: p.Object, Text: p.Error(), Err: p})
	}
	return list
}
