package image

import (
	"encoding/json"

	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/store"
)

// config is what is read of an image's configuration: image-spec, "OCI Image
// Configuration".
type config struct {
	OS      string  `json:"os"`
	Arch    string  `json:"architecture"`
	Variant string  `json:"variant,omitempty"`
	Config  startup `json:"config"`
	RootFS  rootFS  `json:"rootfs"`
}

type startup struct {
	User       string   `json:"User,omitempty"`
	Env        []string `json:"Env,omitempty"`
	Entrypoint []string `json:"Entrypoint,omitempty"`
	Cmd        []string `json:"Cmd,omitempty"`
	WorkingDir string   `json:"WorkingDir,omitempty"`
}

type rootFS struct {
	Type    string          `json:"type"`
	DiffIDs []digest.Digest `json:"diff_ids"`
}

// mostLayers is how many an overlay can have below it: each takes a part of a page of
// mount options, and OVL_MAX_STACK is 500.
const mostLayers = 128

func parseConfig(b []byte, want Platform) (*config, error) {
	c := &config{}
	if err := json.Unmarshal(b, c); err != nil {
		return nil, &Error{Op: "read", Object: "the image's configuration", Err: ErrJSON, Hint: err.Error()}
	}
	have := Platform{c.OS, c.Arch, c.Variant}
	switch {
	case c.OS != "" && c.OS != want.OS || c.Arch != "" && c.Arch != want.Arch:
		return nil, &Error{Op: "import", Object: "an image for " + have.String(), Err: ErrPlatform, Hint: "this one is " + want.String()}
	case c.RootFS.Type != "layers" || len(c.RootFS.DiffIDs) > mostLayers:
		return nil, &Error{Op: "read", Object: "the image's configuration", Err: ErrLayers, Hint: "images have up to 128 layers"}
	}
	for _, id := range c.RootFS.DiffIDs {
		if id.IsZero() {
			return nil, &Error{Op: "read", Object: "the image's configuration", Err: ErrJSON, Hint: "a layer has no digest in it"}
		}
	}
	return c, nil
}

func (c *config) launch() store.Config {
	return store.Config{Env: c.Config.Env, WorkingDir: c.Config.WorkingDir, Entrypoint: c.Config.Entrypoint, Cmd: c.Config.Cmd, User: c.Config.User}
}

// bare is the configuration of a root file system that came without: nothing but its
// layers, so that the same have the same ID.
func bare(p Platform, layers []Outcome) ([]byte, *config, error) {
	c := &config{OS: p.OS, Arch: p.Arch, Variant: p.Variant, RootFS: rootFS{Type: "layers"}}
	for _, l := range layers {
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, l.DiffID)
	}
	b, err := json.Marshal(c)
	return b, c, err
}
