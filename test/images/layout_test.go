package images

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// member is a file of a layer: a folder where its name ends in a slash.
type member struct {
	name, body string
	link       string // it is a symbolic link
}

// layerOf is the archive of a layer.
func layerOf(t *testing.T, files ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := tar.Header{Name: f.name, Mode: 0o755, Typeflag: tar.TypeReg, Size: int64(len(f.body)), ModTime: time.Unix(1_700_000_000, 0)}
		switch {
		case f.link != "":
			h.Typeflag, h.Linkname = tar.TypeSymlink, f.link
		case strings.HasSuffix(f.name, "/"):
			h.Typeflag = tar.TypeDir
		}
		must(t, w.WriteHeader(&h))
		_, err := w.Write([]byte(f.body))
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

// object is one of JSON.
type object map[string]any

// container is an image as registries and engines have it.
type container struct {
	t      *testing.T
	layers [][]byte
	files  map[string][]byte // by their paths in the layout
}

func newContainer(t *testing.T, layers ...[]byte) *container {
	return &container{t, layers, map[string][]byte{}}
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (c *container) json(v any) []byte {
	b, err := json.Marshal(v)
	must(c.t, err)
	return b
}

func (c *container) blob(kind string, b []byte) object {
	c.files["blobs/sha256/"+digestOf(b)] = b
	return object{"mediaType": kind, "digest": "sha256:" + digestOf(b), "size": len(b)}
}

// config is the image's configuration (OCI image-spec, config.md).
func (c *container) config() []byte {
	var ids []string
	for _, l := range c.layers {
		ids = append(ids, "sha256:"+digestOf(l))
	}
	return c.json(object{"os": "linux", "architecture": runtime.GOARCH, "rootfs": object{"type": "layers", "diff_ids": ids}})
}

// layout writes an OCI image layout (image-layout.md).
func (c *container) layout(dir string) {
	const kinds = "application/vnd.oci.image."
	var layers []object
	for _, l := range c.layers {
		layers = append(layers, c.blob(kinds+"layer.v1.tar", l))
	}
	manifest := c.json(object{"schemaVersion": 2, "mediaType": kinds + "manifest.v1+json", "config": c.blob(kinds+"config.v1+json", c.config()), "layers": layers})
	c.files["oci-layout"] = []byte(`{"imageLayoutVersion":"1.0.0"}`)
	c.files["index.json"] = c.json(object{"schemaVersion": 2, "manifests": []object{c.blob(kinds+"manifest.v1+json", manifest)}})
	for name, b := range c.files {
		c.write(filepath.Join(dir, name), b)
	}
}

// archive writes what docker save did before it wrote layouts.
func (c *container) archive(file string) {
	config := c.config()
	all := []member{{name: digestOf(config) + ".json", body: string(config)}}
	var names []string
	for _, l := range c.layers {
		name := digestOf(l) + "/layer.tar"
		names = append(names, name)
		all = append(all, member{name: name, body: string(l)})
	}
	manifest := c.json([]object{{"Config": digestOf(config) + ".json", "RepoTags": []string{"made:here"}, "Layers": names}})
	c.write(file, layerOf(c.t, append(all, member{name: "manifest.json", body: string(manifest)})...))
}

func (c *container) write(file string, b []byte) {
	must(c.t, os.MkdirAll(filepath.Dir(file), 0o755)) // #nosec G301 -- an ordinary user imports it
	must(c.t, os.WriteFile(file, b, 0o644))           // #nosec G306 -- likewise
}

// public is a folder of a test's that each user may read.
func public(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(built, "public-")
	must(t, err)
	must(t, os.Chmod(dir, 0o755)) // #nosec G302 -- that is what it is for
	t.Cleanup(func() { removeAll(t, dir) })
	return dir
}
