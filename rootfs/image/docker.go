package image

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/jailrun/jail/internal/escape"
)

// manifestFile of what "docker save" writes.
const manifestFile = "manifest.json"

// saved is what it has of an image.
type saved struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// readDocker reads a docker archive; is says whether it is one at all: a root file
// system may have a manifest.json of its own.
func (s *source) readDocker(from *tarFiles, path string, o *Options) (is bool, err error) {
	b, err := readAll(from, manifestFile)
	if err != nil {
		return false, err
	}
	var all []saved
	if json.Unmarshal(b, &all) != nil || len(all) == 0 || !from.has(all[0].Config) {
		return false, nil
	}
	if o.Key != "" {
		if err := checkSignature(o.Key, signatureOf(from, path), from.sum); err != nil {
			return true, err
		}
	}
	one, err := chooseSaved(all, o.Ref)
	if err != nil {
		return true, err
	}
	s.kind = kindDocker
	if s.config, err = readAll(from, one.Config); err != nil {
		return true, err
	}
	if s.parsed, err = parseConfig(s.config, o.Platform.orThis()); err != nil {
		return true, err
	}
	if len(one.Layers) != len(s.parsed.RootFS.DiffIDs) {
		return true, ErrLayers
	}
	for i, name := range one.Layers {
		s.layers = append(s.layers, blob{size: from.size(name), diffID: s.parsed.RootFS.DiffIDs[i], open: func() (io.ReadCloser, error) {
			r, _, err := from.open(name)
			return r, err
		}})
	}
	return true, nil
}

func chooseSaved(all []saved, ref string) (*saved, error) {
	var tags []string
	for i := range all {
		if ref != "" && slices.Contains(all[i].RepoTags, ref) {
			return &all[i], nil
		}
		tags = append(tags, all[i].RepoTags...)
	}
	switch {
	case ref != "":
		return nil, &Error{Op: "find", Object: ref, Err: ErrNoRef, Hint: "it has " + escape.Name(strings.Join(tags, ", "))}
	case len(all) > 1:
		return nil, &Error{Op: "choose from", Object: manifestFile, Err: ErrSeveral, Hint: "pick one by --ref: " + escape.Name(strings.Join(tags, ", "))}
	}
	return &all[0], nil
}
