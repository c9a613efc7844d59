package image

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/jailrun/jail/internal/escape"
	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/layer"
)

// The files of an OCI layout: image-spec, "OCI Image Layout".
const (
	layoutFile = "oci-layout"
	indexFile  = "index.json"
	blobsDir   = "blobs/sha256/"
)

// The media types of what holds an image together, OCI's and docker's.
const (
	typeIndex      = "application/vnd.oci.image.index.v1+json"
	typeManifest   = "application/vnd.oci.image.manifest.v1+json"
	typeConfig     = "application/vnd.oci.image.config.v1+json"
	typeLayer      = "application/vnd.oci.image.layer.v1.tar"
	dockerIndex    = "application/vnd.docker.distribution.manifest.list.v2+json"
	dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	dockerConfig   = "application/vnd.docker.container.image.v1+json"
	refName        = "org.opencontainers.image.ref.name"
	imageName      = "io.containerd.image.name"
)

// descriptor is how one of these names another.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      digest.Digest     `json:"digest"`
	Size        int64             `json:"size"`
	Platform    *Platform         `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type indexJSON struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType,omitempty"`
	Manifests     []descriptor `json:"manifests"`
}

type manifestJSON struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType,omitempty"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

// readLayout follows a layout from its index to the layers of one image. Each blob is
// held to the digest and the size by which it is named.
func (s *source) readLayout(from files, path string, o *Options) error {
	want := o.Platform.orThis()
	l := &layout{from: from, want: want, ref: o.Ref}
	m, err := l.manifest()
	if err != nil {
		return err
	}
	if o.Key != "" {
		if err := checkSignature(o.Key, signatureOf(from, path), l.chain...); err != nil {
			return err
		}
	}
	if !slices.Contains([]string{typeConfig, dockerConfig}, m.Config.MediaType) {
		return unknownType("a configuration", m.Config.MediaType)
	}
	if s.config, err = l.blob(&m.Config); err != nil {
		return err
	}
	if s.parsed, err = parseConfig(s.config, want); err != nil {
		return err
	}
	if len(m.Layers) != len(s.parsed.RootFS.DiffIDs) {
		return ErrLayers
	}
	for i := range m.Layers {
		d := &m.Layers[i]
		if _, err := layer.FormatOf(d.MediaType); err != nil {
			return err
		}
		s.layers = append(s.layers, blob{digest: d.Digest, size: d.Size, diffID: s.parsed.RootFS.DiffIDs[i], mediaType: d.MediaType, open: func() (io.ReadCloser, error) {
			r, _, err := from.open(blobsDir + d.Digest.Hex())
			return r, err
		}})
	}
	return nil
}

// layout is one that is being read.
type layout struct {
	from  files
	want  Platform
	ref   string
	chain []digest.Digest // of what leads to the image: any of them can be signed
}

// manifest finds the one image for a machine.
func (l *layout) manifest() (*manifestJSON, error) {
	b, err := readAll(l.from, indexFile)
	if err != nil {
		return nil, err
	}
	const nested = 3 // an index of the layout, one of an image, and one to spare
	for range nested {
		d, err := l.choose(b)
		if err != nil {
			return nil, err
		}
		l.chain = append(l.chain, d.Digest)
		if b, err = l.blob(d); err != nil {
			return nil, err
		}
		switch d.MediaType {
		case typeManifest, dockerManifest:
			m := &manifestJSON{}
			return m, parse("the manifest", b, m)
		}
	}
	return nil, &Error{Op: "read", Object: indexFile, Err: ErrJSON, Hint: "it leads to more indexes than an image has"}
}

// choose takes an index's one entry for the machine that is wanted.
func (l *layout) choose(b []byte) (*descriptor, error) {
	x := &indexJSON{}
	if err := parse("an index", b, x); err != nil {
		return nil, err
	}
	var fit []*descriptor
	var others []string
	for i := range x.Manifests {
		d := &x.Manifests[i]
		switch {
		case len(l.chain) == 0 && l.ref != "" && !d.isCalled(l.ref):
		case d.Platform != nil && !d.Platform.runsOn(l.want):
			others = append(others, d.Platform.String())
		default:
			fit = append(fit, d)
		}
	}
	switch {
	case len(fit) == 1:
		if !slices.Contains([]string{typeIndex, typeManifest, dockerIndex, dockerManifest}, fit[0].MediaType) {
			return nil, unknownType("an image", fit[0].MediaType)
		}
		return fit[0], nil
	case len(fit) > 1:
		return nil, &Error{Op: "choose from", Object: indexFile, Err: ErrSeveral, Hint: "pick one by --ref: " + strings.Join(names(fit), ", ")}
	case len(others) > 0:
		return nil, &Error{Op: "choose from", Object: indexFile, Err: ErrPlatform, Hint: "it has " + escape.Name(strings.Join(others, ", ")) + ", and this one is " + l.want.String()}
	case l.ref != "":
		return nil, &Error{Op: "find", Object: l.ref, Err: ErrNoRef, Hint: "index.json lists what it has"}
	}
	return nil, &Error{Op: "read", Object: indexFile, Err: ErrMissing, Hint: "it names no image"}
}

func (d *descriptor) isCalled(ref string) bool {
	return d.Annotations[refName] == ref || d.Annotations[imageName] == ref || d.Digest.String() == ref
}

func names(list []*descriptor) (all []string) {
	for _, d := range list {
		name := d.Annotations[refName]
		if name == "" {
			name = d.Digest.String()
		}
		all = append(all, escape.Name(name))
	}
	return all
}

// runsOn: of the variants of a machine those are taken that each of them runs.
func (p *Platform) runsOn(want Platform) bool {
	if p.OS != want.OS || p.Arch != want.Arch {
		return false
	}
	least := map[string]string{"arm64": "v8", "amd64": "v1"}[want.Arch]
	return p.Variant == want.Variant || p.Variant == "" || want.Variant == "" && p.Variant == least
}

// blob reads a small one, and holds it to its digest.
func (l *layout) blob(d *descriptor) ([]byte, error) {
	b, err := readAll(l.from, blobsDir+d.Digest.Hex())
	switch {
	case err != nil:
		return nil, err
	case int64(len(b)) != d.Size:
		return nil, &Error{Op: "read", Object: d.Digest.String(), Err: ErrSize, Hint: "get the image again"}
	case digest.Of(b) != d.Digest:
		return nil, &Error{Op: "read", Object: d.Digest.String(), Err: ErrDigest, Hint: "get the image again"}
	}
	return b, nil
}

func parse(what string, b []byte, to any) error {
	if err := json.Unmarshal(b, to); err != nil {
		return &Error{Op: "read", Object: what, Err: ErrJSON, Hint: err.Error()}
	}
	return nil
}

func unknownType(what, mediaType string) error {
	return &Error{Op: "read", Object: what + " of type " + mediaType, Err: ErrMediaType, Hint: "it is no image that can be run"}
}
