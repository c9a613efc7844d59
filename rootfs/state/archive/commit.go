package archive

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"time"

	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/state"
	"github.com/jailrun/jail/rootfs/store"
)

// Committed is an image that was made of a state.
type Committed struct {
	store.Record
	LeftOut int64 // FIFOs, sockets and devices that the new layer has not
}

// Commit makes an image of the one that a state lies over and of what the state has
// changed of it, as one layer more. The state stays as it is. What its programs have
// written is as little trusted as an archive from elsewhere.
func Commit(ctx context.Context, s *state.State, st *store.Store, base *store.Image, name store.Name, c layer.Command) (*Committed, error) {
	switch {
	case s.Image == "":
		return nil, &state.Error{Op: "commit", Object: s.Name, Err: state.ErrNoImage, Hint: "only what was changed of an image makes another"}
	case s.Image != base.ID.String():
		return nil, &state.Error{Op: "commit", Object: s.Name, Err: state.ErrOtherImage}
	}
	m, err := st.Make()
	if err != nil {
		return nil, err
	}
	defer m.Close()
	r := &store.Record{Config: base.Config, Source: "state " + s.Name, Imported: time.Now().UTC()}
	for _, l := range base.Layers {
		have, err := m.Need(ctx, l.DiffID)
		if err != nil {
			return nil, err
		}
		if have == nil {
			return nil, &state.Error{Op: "commit", Object: s.Name, Err: store.ErrDamaged, Hint: "jail image verify says what the image lacks"}
		}
		r.Layers = append(r.Layers, *have)
	}
	made, leftOut, err := newLayer(ctx, s, m, c)
	if err != nil {
		return nil, err
	}
	r.Layers = append(r.Layers, *made)
	config, err := st.ConfigFile(base.ID)
	if err == nil {
		config, err = withLayer(config, made.DiffID, "jail state commit "+s.Name)
	}
	if err != nil {
		return nil, fail("commit", s, err)
	}
	r.ID = digest.Of(config)
	if err := m.PublishImage(ctx, r, config, name); err != nil {
		return nil, err
	}
	return &Committed{*r, leftOut}, nil
}

// newLayer makes a layer of what was changed, unless there is the same already.
func newLayer(ctx context.Context, s *state.State, m *store.Making, c layer.Command) (r *store.LayerRecord, leftOut int64, err error) {
	const folder = "layer"
	f, err := m.Folder(folder)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	c.Keep = m.Dir()
	i, leftOut, err := repack(ctx, s, c, f)
	if err != nil {
		return nil, 0, err
	}
	have, err := m.Need(ctx, i.DiffID)
	if err != nil || have != nil {
		return have, leftOut, err
	}
	r = &store.LayerRecord{DiffID: i.DiffID, StreamBytes: i.StreamBytes, Bytes: i.Bytes, Entries: i.Entries, MappedOwner: i.MappedOwner}
	_, err = m.PublishLayer(folder, r)
	return r, leftOut, err
}

// repack sends the archive of what was changed to the unpacker.
func repack(ctx context.Context, s *state.State, c layer.Command, f *os.File) (i layer.Info, leftOut int64, err error) {
	pr, pw := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		from, err := Pack(ctx, s, pw)
		leftOut = from.LeftOut
		pw.CloseWithError(err)
		packed <- err
	}()
	i, err = layer.Confined(ctx, c, pr, f, layer.Options{})
	pr.CloseWithError(err)
	if packErr := <-packed; packErr != nil {
		return i, 0, packErr // the unpacker's is of it
	}
	return i, leftOut, err
}

// withLayer adds a layer to the configuration of an image (OCI image-spec, config.md).
// What it has besides stays.
func withLayer(config []byte, id digest.Digest, by string) ([]byte, error) {
	var all map[string]json.RawMessage
	var fs struct {
		Type    string          `json:"type"`
		DiffIDs []digest.Digest `json:"diff_ids"`
	}
	var history []json.RawMessage
	if err := json.Unmarshal(config, &all); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(all["rootfs"], &fs); err != nil {
		return nil, err
	}
	if h := all["history"]; h != nil {
		if err := json.Unmarshal(h, &history); err != nil {
			return nil, err
		}
	}
	now := time.Now().UTC().Format(time.RFC3339)
	one, err := json.Marshal(map[string]string{"created": now, "created_by": by})
	if err != nil {
		return nil, err
	}
	fs.DiffIDs = append(fs.DiffIDs, id)
	for key, v := range map[string]any{"rootfs": fs, "history": append(history, one), "created": now} {
		if all[key], err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	return json.Marshal(all)
}
