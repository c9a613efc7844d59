package isolate

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs"
	"github.com/jailrun/jail/rootfs/state"
	"github.com/jailrun/jail/rootfs/store"
	"golang.org/x/sys/unix"
)

// layered is what a run's overlays are made of: the image that is seen instead of the
// host's system, and where what is changed goes.
type layered struct {
	store string // its folder
	image *store.Image
	stack rootfs.Stack // its layers, the topmost first
	list  []plan.Layers
	state *state.State
	parts []state.Part // of list
	ns    int          // a user namespace that maps all ids of an image, or 0

	full    *result.Space // of an ordinary user's state, when it was found to hold too much
	unwatch func()        // ends the measuring of the state, and waits for it; nil: it is not measured
}

// needsLayers says whether the policy asks for an overlay that can be written to.
func needsLayers(p *policy.Policy) bool {
	return p.Image != "" || p.State != "" || p.Root == policy.RootWritable || p.Lays()
}

var (
	errNoOverlay    = errors.New("overlays in a user namespace need Linux 5.12")
	errNoLayers     = errors.New("there is no root of the jail's own here")
	errNotFolder    = errors.New("is not a folder")
	errStoreInside  = errors.New("the store of images and states is in it")
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
	if r.policy.Image == "" && r.policy.State == "" {
		return nil
	}
	s, err := store.Open(store.Options{Verify: r.cmd.Assure})
	if err != nil {
		return &LaunchError{Op: "open the store", Index: -1, Layer: policy.LayerRootfs, Err: err}
	}
	r.closers = append(r.closers, func() { s.Close() })
	r.layers.store = s.Path()
	ref, err := r.imageRef()
	if err != nil || ref == "" {
		return err
	}
	return r.findImage(s, ref)
}

// imageRef names the image: the policy's, or the one that its state was made upon.
func (r *run) imageRef() (string, error) {
	if r.policy.Image != "" || r.policy.State == "" {
		return r.policy.Image, nil
	}
	ref, err := state.ImageOf(r.layers.store, r.policy.State)
	if err != nil {
		return "", stateError(err)
	}
	return ref, nil
}

func stateError(err error) error {
	return &LaunchError{Op: "keep what is changed", Index: -1, Layer: policy.LayerRootfs, Err: err}
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

func (r *run) findImage(s *store.Store, ref string) error {
	img, err := s.Use(ref)
	if err != nil {
		return imageError(ref, err)
	}
	r.closers = append(r.closers, func() { img.Close() })
	r.layers.image, r.layers.stack = img, img.Stack()
	return nil
}

func imageError(ref string, err error) error {
	return &LaunchError{Op: "use the image " + ref, Index: -1, Layer: policy.LayerRootfs, Err: err}
}

// imageView is what the jail adds to the image.
func (r *run) imageView() (rootfs.View, error) {
	users, err := r.layers.image.Accounts()
	if err != nil {
		return rootfs.View{}, err
	}
	return rootfs.ImageView(r.identity(), users)
}

// layOut gathers the run's overlays for its plan.
func (r *run) layOut(in *plan.Input) error {
	if !needsLayers(r.policy) {
		return nil
	}
	var err error
	switch {
	case r.layers.image != nil:
		err = r.layImage()
	case r.policy.Root == policy.RootWritable:
		r.layHost(in)
	}
	for i := range r.policy.Files {
		if f := &r.policy.Files[i]; err == nil && f.Kind == policy.FileCOW && !in.Sources[i].Skip {
			err = r.layFolder(f, &in.Sources[i])
		}
	}
	if err != nil {
		return err
	}
	in.Layers = r.layers.list
	return r.keep(in)
}

// keep finds a place for what is changed: in the state, or in the quota.
func (r *run) keep(in *plan.Input) error {
	for k := range in.Layers {
		in.Layers[k].Upper = "d" + strconv.Itoa(k)
	}
	if r.policy.State == "" {
		return nil
	}
	w := state.Want{User: string(r.policy.User), Bytes: int64(r.policy.StateSize), Parts: r.layers.parts}
	if img := r.layers.image; img != nil {
		w.Image, w.Ref = img.ID.String(), img.Name
	}
	if r.explains {
		in.Uppers = &plan.Uppers{Path: state.PathOf(r.layers.store, r.policy.State), Fd: -1}
		if r.facts.Root {
			in.Uppers.Fd = 0 // a launch would pass a mount: any descriptor stands for it
		}
		return nil
	}
	s, err := state.Open(r.cmd.ctx, r.layers.store, r.policy.State, w)
	if err != nil {
		return stateError(err)
	}
	r.closers = append(r.closers, func() { r.unwatchState(); s.Close() })
	r.layers.state = s
	for k := range in.Layers {
		in.Layers[k].Upper = s.Part(in.Layers[k].Target).Dir
	}
	in.Uppers = &plan.Uppers{Path: s.Path(), Fd: -1}
	if !s.Mounted() {
		return nil
	}
	in.Uppers.Fd = int(s.Root().Fd())
	return r.showTree(in.Uppers.Fd, s.Path())
}

// add takes an overlay into the run, and what a state is to know of it.
func (r *run) add(l plan.Layers, p state.Part) {
	p.Target, p.Dirs = l.Target, l.Dirs
	r.layers.list = append(r.layers.list, l)
	r.layers.parts = append(r.layers.parts, p)
}

// layHost makes the root, and each folder of the host's in it, one that can be changed.
func (r *run) layHost(in *plan.Input) {
	r.add(plan.Layers{Target: "/", Fd: -1}, state.Part{Kind: state.KindRoot})
	entries := make([]rootfs.Entry, 0, len(in.View.Entries)+2)
	for _, e := range in.View.Entries {
		if e.Kind == rootfs.Overlay {
			r.layHosts(plan.Layers{Target: e.Path, Tree: e.Source, Fd: -1})
			e = rootfs.Entry{Path: e.Path, Kind: rootfs.Dir, Mode: 0o755, Why: e.Why}
		}
		entries = append(entries, e)
	}
	in.View.Entries = rootfs.WithDenials(entries)
}

// layHosts makes one folder of the host's one that can be changed: the program owns what
// it makes, and the folders that most is made in. It is not shown as the owner of what
// the host has there, as it is of a folder of the caller's: it could read then what
// only root may.
func (r *run) layHosts(l plan.Layers) {
	var st unix.Stat_t
	for _, d := range ownFolders {
		if !slices.Contains(l.Dirs, path.Dir(d)) && path.Dir(d) != "/" {
			continue // the one above is closed, or not there
		}
		if unix.Lstat(l.Tree+d, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR && st.Mode&0o005 == 0o005 {
			l.Dirs = append(l.Dirs, d)
		}
	}
	r.add(l, state.Part{Kind: state.KindView, Source: l.Tree})
}

// ownFolders are below /usr where programs and their parts are installed, parents first.
var ownFolders = [...]string{
	"/bin", "/sbin", "/lib", "/lib64", "/libexec", "/include", "/share", "/src",
	"/local", "/local/bin", "/local/sbin", "/local/lib", "/local/include", "/local/share", "/local/etc", "/local/src",
	"/lib/python3", "/lib/python3/dist-packages", "/lib/node_modules", "/local/lib/node_modules",
}

// layImage makes the root of the image's layers. All of them lie in one folder, which
// is shown to the run's own id as one.
func (r *run) layImage() error {
	l := plan.Layers{Target: "/", Fd: -1}
	for _, layer := range r.layers.stack {
		if l.Tree == "" {
			l.Tree = filepath.Dir(filepath.Dir(layer))
		}
		name, below := strings.CutPrefix(layer, l.Tree+"/")
		if !below {
			return imageError(r.policy.Image, &os.PathError{Op: "find", Path: layer, Err: unix.EXDEV})
		}
		l.Lowers = append(l.Lowers, name)
	}
	return r.layTree(l, state.Part{Kind: state.KindRoot})
}

// layFolder makes a folder of the caller's one that can be changed.
func (r *run) layFolder(f *policy.File, s *plan.Source) error {
	if !s.Dir {
		return sourceError(f, errNotFolder, "show a file with --ro")
	}
	if store, err := filepath.EvalSymlinks(r.layers.store); r.layers.store != "" && err == nil && within(store, s.Real) {
		return sourceError(f, errStoreInside, "name a folder in it, or keep the store elsewhere (JAIL_STORE)")
	}
	l := plan.Layers{Target: f.Target, Tree: s.Real, Fd: s.Fd}
	s.Fd = -1 // it is passed as the overlay's
	return r.layTree(l, state.Part{Kind: state.KindCOW, Source: s.Real, Dev: s.Dev, Ino: s.Ino})
}

// layTree shows a tree of lower layers to the run's own id as if it owned what the
// caller owns, and so what the caller has imported.
func (r *run) layTree(l plan.Layers, p state.Part) error {
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
	r.add(l, p)
	return nil
}

func (r *run) showTree(fd int, path string) error {
	ns, err := r.layersNamespace()
	if err != nil {
		return layerError(path, err, "")
	}
	if err := setIDMap(fd, ns, 0, path); err != nil {
		return layerError(path, err,
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
