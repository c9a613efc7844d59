package isolate

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs"
	"github.com/jailrun/jail/rootfs/store"
	"golang.org/x/sys/unix"
)

// layered is what a run's overlays are made of: the image that is seen instead of the
// host's system, and where what is changed goes.
type layered struct {
	image *store.Image
	stack rootfs.Stack // its layers, the topmost first
	list  []plan.Layers
}

// needsLayers says whether the policy asks for an overlay that can be written to.
func needsLayers(p *policy.Policy) bool {
	if p.Image != "" || p.Root == policy.RootWritable {
		return true
	}
	for i := range p.Files {
		if p.Files[i].Kind == policy.FileCOW {
			return true
		}
	}
	return false
}

var (
	errNoOverlay    = errors.New("overlays in a user namespace need Linux 5.12")
	errNoLayers     = errors.New("there is no root of the jail's own here")
	errNotFolder    = errors.New("is not a folder")
	errNoUpperOwner = errors.New("an overlay in the host's user namespace would have the host's files changed")
)

// findLayers opens the image that the policy names.
func (r *run) findLayers() error {
	if !needsLayers(r.policy) {
		return nil
	}
	if err := r.canLayer(); err != nil {
		return &LaunchError{Op: "lay out the root", Index: -1, Layer: policy.LayerRootfs, Err: err, Hint: "leave --image, --writable-root, --state and --cow out here"}
	}
	if r.policy.Image == "" {
		return nil
	}
	return r.findImage(r.policy.Image)
}

func (r *run) canLayer() error {
	switch {
	case !r.facts.Kernel.AtLeast(5, 12):
		return errNoOverlay
	case !r.facts.Has(policy.LayerRootfs) || r.policy.Layers.Level(policy.LayerRootfs) == policy.Off:
		return errNoLayers
	case !r.facts.UserNS:
		return errNoUpperOwner
	}
	return nil
}

func (r *run) findImage(ref string) error {
	s, err := store.Open(store.Options{})
	if err != nil {
		return imageError(ref, err)
	}
	r.closers = append(r.closers, func() { s.Close() })
	img, err := s.Use(ref)
	if err != nil {
		return imageError(ref, err)
	}
	r.closers = append(r.closers, func() { img.Close() })
	r.layers.image = img
	r.layers.stack = make(rootfs.Stack, 0, len(img.Layers))
	for i := len(img.Layers) - 1; i >= 0; i-- {
		r.layers.stack = append(r.layers.stack, img.Layers[i].Dir)
	}
	return nil
}

func imageError(ref string, err error) error {
	return &LaunchError{Op: "use the image " + ref, Index: -1, Layer: policy.LayerRootfs, Err: err}
}

// mostAccounts bounds a file of users, in bytes.
const mostAccounts = 1 << 20

// imageView is what the jail adds to the image.
func (r *run) imageView() (rootfs.View, error) {
	read := func(path string) string {
		b, err := r.layers.stack.ReadFile(path, mostAccounts)
		if err != nil {
			return "" // it has none that a program could rely upon
		}
		return string(b)
	}
	id := rootfs.Identity{UID: plan.TargetID, GID: plan.TargetID, Hostname: r.policy.Hostname}
	return rootfs.ImageView(id, rootfs.Accounts{Passwd: read("/etc/passwd"), Group: read("/etc/group")})
}

// layOut gathers the run's overlays for its plan.
func (r *run) layOut(in *plan.Input) error {
	if !needsLayers(r.policy) {
		return nil
	}
	if r.layers.image != nil {
		if err := r.layImage(); err != nil {
			return err
		}
	}
	for i := range r.policy.Files {
		if r.policy.Files[i].Kind == policy.FileCOW && !in.Sources[i].Skip {
			if err := r.layFolder(&r.policy.Files[i], &in.Sources[i]); err != nil {
				return err
			}
		}
	}
	in.Layers = r.layers.list
	return nil
}

// layImage makes the root of the image's layers. All of them lie in one folder, which
// is shown to the run's own id as one.
func (r *run) layImage() error {
	l := plan.Layers{Target: "/", Fd: -1, Upper: "root"}
	for _, dir := range r.layers.stack {
		base := filepath.Dir(filepath.Dir(dir))
		if l.Tree == "" {
			l.Tree = base
		}
		name, err := filepath.Rel(l.Tree, dir)
		if err != nil {
			return imageError(r.policy.Image, err)
		}
		l.Lowers = append(l.Lowers, name)
	}
	return r.layTree(l)
}

// layFolder makes a folder of the caller's one that can be changed.
func (r *run) layFolder(f *policy.File, s *plan.Source) error {
	if !s.Dir {
		return sourceError(f, errNotFolder, "show a file with --ro")
	}
	l := plan.Layers{Target: f.Target, Tree: s.Real, Fd: s.Fd, Upper: "d" + strconv.Itoa(len(r.layers.list))}
	s.Fd = -1 // it is passed as the overlay's
	return r.layTree(l)
}

// layTree shows a tree of lower layers to the run's own id as if it owned what the
// caller owns, and so what the caller has imported.
func (r *run) layTree(l plan.Layers) error {
	if r.facts.Root && l.Fd < 0 {
		fd, err := openTree(l.Tree)
		if err != nil {
			return layerError(l.Tree, err, "")
		}
		r.closers = append(r.closers, func() { unix.Close(fd) })
		l.Fd = fd
	}
	if l.Fd >= 0 {
		if err := r.showTree(l.Fd, l.Tree); err != nil {
			return err
		}
	}
	r.layers.list = append(r.layers.list, l)
	return nil
}

func (r *run) showTree(fd int, path string) error {
	ns, err := r.callersNamespace()
	if err != nil {
		return layerError(path, err, "")
	}
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(ns)}
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, &attr); err != nil {
		return layerError(path, &os.PathError{Op: "mount_setattr MOUNT_ATTR_IDMAP", Path: path, Err: err},
			"its file system can't be shown under another owner: keep the store, or the folder, on ext4, xfs or btrfs (JAIL_STORE)")
	}
	return nil
}

func layerError(path string, err error, hint string) error {
	return &LaunchError{Op: "lay out " + path, Index: -1, Layer: policy.LayerRootfs, Err: err, Hint: hint}
}

func openTree(path string) (int, error) {
	fd, err := unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW)
	if err != nil {
		return -1, &os.PathError{Op: "open_tree", Path: path, Err: err}
	}
	return fd, nil
}
