package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/jailrun/jail/rootfs/digest"
)

// A manifest is that of one image.
type manifest struct {
	document
	from *document // the index that it was chosen from; nil: none
	v1.Manifest
}

// A document is a manifest or an index, as it came.
type document struct {
	raw    []byte
	kind   types.MediaType
	digest digest.Digest
}

const fetching = "fetch the manifest of"

// kinds are the media types that are known, and what of.
var kinds = map[types.MediaType]string{
	types.OCIImageIndex: "index", types.DockerManifestList: "index",
	types.OCIManifestSchema1: "manifest", types.DockerManifestSchema2: "manifest",
	types.OCIConfigJSON: "config", types.DockerConfigJSON: "config",
	types.OCILayer: "layer", types.OCILayerZStd: "layer", types.OCIUncompressedLayer: "layer",
	types.DockerLayer: "layer", types.DockerUncompressedLayer: "layer",
}

// refusal is why a media type is not taken for what it should be.
func refusal(t types.MediaType) error {
	cause := ErrMediaType
	switch {
	case t.IsSchema1():
		cause = ErrSchema1
	case !t.IsDistributable():
		cause = ErrForeign
	}
	return fmt.Errorf("%w: %q", cause, string(t))
}

// resolve fetches the manifest that the reference leads to, through an index by
// the platform.
func (p *pull) resolve(ctx context.Context) (*manifest, error) {
	got, kind, err := p.get(ctx, p.ref)
	if err != nil {
		return nil, err
	}
	var index *document
	if kinds[kind] == "index" {
		index = &document{got, kind, digest.Of(got)}
		chosen, err := p.choose(got)
		if err != nil {
			return nil, fail(fetching, p.ref.String(), err)
		}
		if got, kind, err = p.get(ctx, p.ref.Context().Digest(chosen.Digest.String())); err != nil {
			return nil, err
		}
		if int64(len(got)) != chosen.Size || kinds[kind] != "manifest" {
			return nil, fail(fetching, chosen.Digest.String(), ErrManifest)
		}
	}
	m, err := p.read(got, kind)
	if err != nil {
		return nil, fail(fetching, p.ref.String(), err)
	}
	m.from = index
	return m, nil
}

// get fetches an index or a manifest; by a digest, it has that.
func (p *pull) get(ctx context.Context, ref name.Reference) ([]byte, types.MediaType, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Limits.Stall*3) // which has a pause between
	defer cancel()
	d, err := p.puller.Get(ctx, ref)
	if err != nil {
		return nil, "", fail(fetching, ref.String(), digestFault(ref, err))
	}
	kind, err := kindOf(d)
	if err != nil {
		return nil, "", fail(fetching, ref.String(), err)
	}
	return d.Manifest, kind, nil
}

// digestFault is the client library's word for a wrong digest, as a cause.
func digestFault(ref name.Reference, err error) error {
	if _, pinned := ref.(name.Digest); pinned && strings.Contains(err.Error(), "does not match requested digest") {
		return fmt.Errorf("%w: %w", ErrDigest, err)
	}
	return err
}

// kindOf is what a document says that it is, which must be what the registry says,
// and only one thing: it could mean another to who trusts the other.
func kindOf(d *remote.Descriptor) (types.MediaType, error) {
	var seen struct {
		MediaType types.MediaType   `json:"mediaType"`
		Manifests []json.RawMessage `json:"manifests"`
		Layers    []json.RawMessage `json:"layers"`
		FSLayers  []json.RawMessage `json:"fsLayers"`
	}
	if err := json.Unmarshal(d.Manifest, &seen); err != nil {
		return "", ErrManifest
	}
	kind := seen.MediaType
	if kind == "" {
		kind = d.MediaType
	}
	switch known := kinds[kind]; {
	case kind.IsSchema1() || seen.FSLayers != nil:
		return "", refusal(types.DockerManifestSchema1)
	case known != "index" && known != "manifest":
		return "", refusal(kind)
	case kinds[d.MediaType] != "" && d.MediaType != kind:
		return "", fmt.Errorf("%w: %q, and %q by its own word", ErrMediaType, string(d.MediaType), string(kind))
	case seen.Manifests != nil && seen.Layers != nil, known == "index" && seen.Layers != nil, known == "manifest" && seen.Manifests != nil:
		return "", ErrManifest
	}
	return kind, nil
}

// choose finds the platform's image in an index.
func (p *pull) choose(raw []byte) (*v1.Descriptor, error) {
	index, err := v1.ParseIndexManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, ErrManifest
	}
	var others []string
	for i := range index.Manifests {
		d := &index.Manifests[i]
		if kinds[d.MediaType] == "manifest" && p.Platform.has(d.Platform) {
			return d, nil
		}
		if d.Platform != nil && len(others) < 20 {
			others = append(others, d.Platform.String())
		}
	}
	return nil, fmt.Errorf("%w %s; it has %q", ErrPlatform, p.Platform, others)
}

// read holds a manifest to what can be unpacked, and to the limits.
func (p *pull) read(raw []byte, kind types.MediaType) (*manifest, error) {
	parsed, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil || parsed.SchemaVersion != 2 {
		return nil, ErrManifest
	}
	m := &manifest{document: document{raw, kind, digest.Of(raw)}, Manifest: *parsed}
	if kinds[m.Config.MediaType] != "config" {
		return nil, refusal(m.Config.MediaType)
	}
	if len(m.Layers) > p.Limits.Layers || m.Config.Size > mostWords {
		return nil, ErrTooLarge
	}
	for _, l := range m.Layers {
		if kinds[l.MediaType] != "layer" {
			return nil, refusal(l.MediaType)
		}
	}
	return m, p.checkBlobs(m)
}

// checkBlobs looks at the digests and sizes of all blobs.
func (p *pull) checkBlobs(m *manifest) error {
	left := int64(p.Limits.Bytes)
	for _, d := range m.all() {
		if _, err := digest.Parse(d.Digest.String()); err != nil || d.Size < 0 {
			return ErrManifest
		}
		if d.Size > left {
			return ErrTooLarge
		}
		left -= d.Size
	}
	return nil
}

// all are the blobs of an image.
func (m *manifest) all() []v1.Descriptor { return append([]v1.Descriptor{m.Config}, m.Layers...) }

func (m *manifest) image(p *pull) Image {
	i := Image{Manifest: m.digest, Layers: len(m.Layers)}
	i.ID, _ = digest.Parse(m.Config.Digest.String()) // was looked at
	named := m.digest
	if m.from != nil {
		i.Index, named = m.from.digest, m.from.digest
	}
	i.Reference = p.ref.Context().Digest(named.String()).String()
	for _, d := range m.all() {
		i.Bytes += d.Size
	}
	return i
}
