package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jailrun/jail/test/oci"
)

// ofImages is the category of attacks in jails that see an image.
const ofImages = "images"

// store is a user's own.
func (s *scene) store(uid int) string { return filepath.Join(s.dir, "store-"+strconv.Itoa(uid)) }

// stock fills each user's store: an image to be attacked from, another with a secret in a
// layer, and a state with one.
func (s *scene) stock(ctx context.Context, jail string) error {
	if err := copyFile(jail+"d", s.jail+"d", 0o755); err != nil {
		return err
	}
	busybox, err := os.ReadFile("/bin/busybox")
	if err != nil {
		return fmt.Errorf("%w: install busybox-static", err)
	}
	base := []oci.File{{Name: "bin/"}, {Name: "bin/sh", Body: string(busybox)}, {Name: "opt/"}, {Name: "opt/shared", Body: "shared"}, {Name: "opt/old", Body: "old"}, {Name: "usr/"}}
	for _, name := range strings.Fields("ls cat head cksum touch sed id rm mv mkdir chown cut grep sleep find sort") {
		base = append(base, oci.File{Name: "bin/" + name, Link: "sh"})
	}
	images := map[string][]oci.File{"app": base, "other": {{Name: "marked", Body: s.marker}}}
	for name, files := range images {
		if err := s.stockImage(ctx, name, files); err != nil {
			return err
		}
	}
	for _, uid := range s.users() {
		if err := os.WriteFile(filepath.Join(s.rw(uid), "there"), []byte("there"), 0o644); err != nil {
			return err
		}
		if err := s.manage(ctx, uid, "exec", "--quiet", "--image", "app", "--state", "other", "--state-size", "16M", "--", "sh", "-c", "echo "+s.marker+" >/kept"); err != nil {
			return err
		}
	}
	return nil
}

func (s *scene) stockImage(ctx context.Context, name string, files []oci.File) error {
	layer, err := oci.Layer(files...)
	if err != nil {
		return err
	}
	dir := filepath.Join(s.dir, "layout-"+name)
	if err := (oci.Image{layer}).Layout(dir); err != nil {
		return err
	}
	for _, uid := range s.users() {
		if err := os.Mkdir(s.store(uid), 0o700); err != nil && !os.IsExist(err) {
			return err
		}
		if err := os.Chown(s.store(uid), uid, uid); err != nil {
			return err
		}
		if err := s.manage(ctx, uid, "image", "import", "--quiet", dir, name); err != nil {
			return err
		}
	}
	return nil
}

// manage runs a command of jail's on a user's store.
func (s *scene) manage(ctx context.Context, uid int, args ...string) error {
	if out, err := s.managing(ctx, uid, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("jail %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// stocked is what attacks are told of a user's store: files in it, where there are such.
func (s *scene) stocked(uid int) []string {
	list := []string{"image=app", "store=" + s.store(uid)}
	for name, pattern := range map[string]string{"layer": "layers/*/tree/opt/shared", "other_layer": "layers/*/tree/marked", "other_state": "states/other/disk", "other_state_": "states/other/tree/*/upper/kept"} {
		found, _ := filepath.Glob(filepath.Join(s.store(uid), pattern)) // the pattern is well formed
		for _, path := range found {
			list = append(list, strings.TrimSuffix(name, "_")+"="+path)
		}
	}
	return list
}

func (s *scene) managing(ctx context.Context, uid int, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, s.jail, args...)
	c.Dir, c.SysProcAttr = "/", credential(uid)
	c.Env = []string{"PATH=/usr/bin:/bin", "HOME=/nonexistent", "JAIL_STORE=" + s.store(uid)}
	return c
}
