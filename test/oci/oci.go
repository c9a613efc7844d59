// Package oci makes images for tests and benchmarks, in the forms in which registries and
// engines give them.
package oci

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
	"time"
)

// File is one of a layer: a folder where its name ends in a slash, a symbolic link where
// Link says to where. All have mode 0755 and are root's.
type File struct {
	Name, Body string
	Link       string
}

// Layer is the archive of a layer.
func Layer(files ...File) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range files {
		if err := files[i].write(w); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

func (f *File) write(w *tar.Writer) error {
	h := tar.Header{Name: f.Name, Mode: 0o755, Typeflag: tar.TypeReg, Size: int64(len(f.Body)), ModTime: time.Unix(1_700_000_000, 0)}
	switch {
	case f.Link != "":
		h.Typeflag, h.Linkname = tar.TypeSymlink, f.Link
	case strings.HasSuffix(f.Name, "/"):
		h.Typeflag = tar.TypeDir
	}
	err := w.WriteHeader(&h)
	if err == nil {
		_, err = w.Write([]byte(f.Body))
	}
	return err
}

// Image is one of these layers, the lowest first.
type Image [][]byte

// object is one of JSON: all that is in it can be encoded.
type object map[string]any

func (o object) bytes() []byte {
	b, _ := json.Marshal(o) // strings, numbers and lists of them
	return b
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// config is the image's configuration (OCI image-spec, config.md).
func (m Image) config() []byte {
	var ids []string
	for _, l := range m {
		ids = append(ids, "sha256:"+digest(l))
	}
	return object{"os": "linux", "architecture": runtime.GOARCH, "rootfs": object{"type": "layers", "diff_ids": ids}}.bytes()
}

// Layout writes an OCI image layout (image-layout.md) into a folder, which is made.
func (m Image) Layout(dir string) error {
	const kind = "application/vnd.oci.image."
	files := map[string][]byte{"oci-layout": object{"imageLayoutVersion": "1.0.0"}.bytes()}
	blob := func(kind string, b []byte) object {
		files["blobs/sha256/"+digest(b)] = b
		return object{"mediaType": kind, "digest": "sha256:" + digest(b), "size": len(b)}
	}
	var layers []object
	for _, l := range m {
		layers = append(layers, blob(kind+"layer.v1.tar", l))
	}
	manifest := object{"schemaVersion": 2, "mediaType": kind + "manifest.v1+json", "config": blob(kind+"config.v1+json", m.config()), "layers": layers}
	files["index.json"] = object{"schemaVersion": 2, "manifests": []object{blob(kind+"manifest.v1+json", manifest.bytes())}}.bytes()
	for name, b := range files {
		if err := write(filepath.Join(dir, name), b); err != nil {
			return err
		}
	}
	return nil
}

// Archive writes what docker save did before it wrote layouts.
func (m Image) Archive(file string) error {
	config := m.config()
	all := []File{{Name: digest(config) + ".json", Body: string(config)}}
	var names []string
	for _, l := range m {
		name := digest(l) + "/layer.tar"
		names = append(names, name)
		all = append(all, File{Name: name, Body: string(l)})
	}
	manifest := object{"Config": digest(config) + ".json", "RepoTags": []string{"made:here"}, "Layers": names}.bytes()
	b, err := Layer(append(all, File{Name: "manifest.json", Body: "[" + string(manifest) + "]"})...)
	if err != nil {
		return err
	}
	return write(file, b)
}

// write makes a file that each user may read.
func write(file string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { // #nosec G301 -- an ordinary user imports it
		return err
	}
	return os.WriteFile(file, b, 0o644) // #nosec G306 -- likewise
}
