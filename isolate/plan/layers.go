package plan

import (
	"path"
	"strconv"
	"strings"

	"github.com/jailrun/jail/isolate/tape"
	"golang.org/x/sys/unix"
)

// Layers is an overlay that the program may write to: what it changes goes to the
// upper layer, and the lower ones stay as they are for all who share them.
type Layers struct {
	Target string   // inside; "/" makes it the root
	Tree   string   // a folder of the host's in which the lower layers lie; "" of a root that has none but the view's entries
	Fd     int      // a detached tree of it, made by the supervisor, or -1: open the path
	Lowers []string // the lower layers as paths in Tree, the topmost first; none: Tree itself is the one
	Upper  string   // name of the upper layer's folder among Uppers
	Dirs   []string // folders that the upper layer begins with, parents first: there the program may make and replace names
}

// Uppers is a folder in which upper layers outlive the jail: each has its own
// folder there, with upper and work in it. Without, they are in the quota's file
// system, and vanish with the jail.
type Uppers struct {
	Path string
	Fd   int // a detached tree made by the supervisor, or -1: open the path
}

// Where an overlay's parts are below the staging directory.
const (
	uppersName  = "u"
	viewName    = "j" // the view's entries, the topmost of the root's lower layers
	devName     = "dev"
	procName    = "p"
	upperFolder = "upper"
	workFolder  = "work"
)

// Rooted says whether the root is an overlay, and not a file system of the jail's
// own in which the view's entries stand.
func (in *Input) Rooted() bool { return in.RootLayers() >= 0 }

// RootLayers is the place of the root among Layers, -1 if it is no overlay.
func (in *Input) RootLayers() int {
	for k := range in.Layers {
		if in.Layers[k].Target == "/" {
			return k
		}
	}
	return -1
}

// LayerFds are the descriptors of overlays' trees that the supervisor passes, in the order
// in which openLayers takes them.
func (in *Input) LayerFds() (fds []int) {
	for k := range in.Layers {
		if l := &in.Layers[k]; l.Tree != "" && l.Fd >= 0 {
			fds = append(fds, l.Fd)
		}
	}
	if in.Uppers.passed() {
		fds = append(fds, in.Uppers.Fd)
	}
	return fds
}

func (in *Input) passedLayers() int { return len(in.LayerFds()) }

// passed says whether it is a mount that the supervisor has made.
func (u *Uppers) passed() bool { return u != nil && u.Fd >= 0 }

// openLayers takes the trees of overlays while the host's tree is whole.
func (b *builder) openLayers() {
	fd := b.firstFree() - uint64(b.in.passedLayers())
	take := func(path string, passed int) tape.Addr {
		tree := b.Var(8)
		if passed < 0 {
			b.openTree(path, tree)
			return tree
		}
		b.SetVar(tree, fd)
		fd++
		return tree
	}
	b.trees = make([]tape.Addr, len(b.in.Layers))
	for k := range b.in.Layers {
		if l := &b.in.Layers[k]; l.Tree != "" {
			b.trees[k] = take(l.Tree, l.Fd)
		}
	}
	if u := b.in.Uppers; u != nil {
		b.uppers = take(u.Path, u.Fd)
	}
}

// stageLayers puts the trees below the staging directory.
func (b *builder) stageLayers() {
	for k := range b.in.Layers {
		if b.trees[k] != 0 {
			b.mkdir(treeName(k), 0o755)
			b.attach(&item{path: b.in.Layers[k].Tree, fd: b.trees[k]}, "", treeName(k), unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
		}
	}
	if u := b.in.Uppers; u != nil {
		b.mkdir(uppersName, 0o755)
		b.attachUppers(u)
	}
}

// attachUppers leaves a mount that the supervisor has made as that is: it has its
// attributes, and no peer.
func (b *builder) attachUppers(u *Uppers) {
	if u.passed() {
		b.move(b.uppers, uppersName, u.Path)
		return
	}
	b.attach(&item{path: u.Path, fd: b.uppers}, "", uppersName, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
}

// reserves are folders that a state's file system keeps, of an inode and a block each: as
// many as a mount takes. Mounting an overlay makes a few files in its work folder and
// removes them (the kernel's fs/overlayfs/super.c): a state that its program has filled
// could not be used again, not even to remove what is too much.
var reserves = [...]string{"r0", "r1", "r2"}

// spendReserves and keepReserves stand around what is mounted and made before the
// program begins.
func (b *builder) spendReserves() {
	if !b.in.Uppers.passed() {
		return
	}
	for _, name := range reserves {
		b.Call("spend the reserve "+name, unix.SYS_UNLINKAT, atFdcwd, b.CString(uppersName+"/"+name), unix.AT_REMOVEDIR).Soft().
			Because("a full state has no other room for what a mount makes")
	}
}

func (b *builder) keepReserves() {
	if !b.in.Uppers.passed() {
		return
	}
	for _, name := range reserves {
		b.mkdir(uppersName+"/"+name, 0o700).Soft().
			Because("the next run needs it, and this one's program can't reach it")
	}
}

func treeName(k int) string { return "i" + strconv.Itoa(k) }

// Names gives the names that the lower layers of the k-th of Layers have in the mount's
// options.
func (l *Layers) Names(k int) []string {
	names := make([]string, 0, len(l.Lowers)+2)
	if l.Target == "/" {
		names = append(names, viewName)
	}
	if l.Tree != "" && len(l.Lowers) == 0 {
		names = append(names, treeName(k))
	}
	name := layerLink
	if l.byPath() {
		name = l.layerPath
	}
	for i := range l.Lowers {
		names = append(names, name(k, i))
	}
	return names
}

// mostNames bounds the names of lower layers: all options of a mount have to fit into
// a page (mount(2)), beside those of the upper layer.
const mostNames = 3840

// byPath says whether the lower layers can be called by their paths. Links to them have
// names of a few letters each, so that 128 fit; but of 40 layers, they cost a launch
// some four hundredths.
func (l *Layers) byPath() bool {
	for _, lower := range l.Lowers {
		if strings.ContainsAny(lower, `:,\`) { // what the options have a meaning for
			return false
		}
	}
	return l.pathsSize() <= mostNames
}

// pathsSize is how many bytes the lower layers' paths have among the options.
func (l *Layers) pathsSize() (n int) {
	for _, lower := range l.Lowers {
		n += len("i99/:") + len(lower)
	}
	return n
}

// namesSize is no less than how many bytes the lower layers' names have.
func (l *Layers) namesSize() int {
	if l.byPath() {
		return l.pathsSize()
	}
	return len(l.Lowers) * len("i99.999:")
}

func (l *Layers) layerPath(k, i int) string { return treeName(k) + "/" + l.Lowers[i] }

func layerLink(k, i int) string { return treeName(k) + "." + strconv.Itoa(i) }

// lowers has the lower layers be there by their names.
func (b *builder) lowers(k int) string {
	l := &b.in.Layers[k]
	if !l.byPath() {
		for i := range l.Lowers {
			b.Call("name a layer of "+l.Target, unix.SYS_SYMLINKAT, b.CString(l.layerPath(k, i)), atFdcwd, b.CString(layerLink(k, i)))
		}
	}
	return strings.Join(l.Names(k), ":")
}

// upper is where an overlay's upper layer and its work folder are.
func (b *builder) upper(l *Layers) string {
	if b.in.Uppers != nil {
		return uppersName + "/" + l.Upper
	}
	dir := "q/" + l.Upper
	b.mkdir(dir, 0o755)
	b.mkdir(dir+"/"+upperFolder, 0o755)
	b.mkdir(dir+"/"+workFolder, 0o755)
	return dir
}

// mountLayers mounts one overlay.
func (b *builder) mountLayers(k int, at string) {
	l := &b.in.Layers[k]
	lowers, dir := b.lowers(k), b.upper(l)
	if b.in.Uppers == nil { // what is kept has them already, and who has been there could have left a link
		for _, d := range l.Dirs {
			b.mkdir(dir+"/"+upperFolder+d, 0o755).Soft()
		}
	}
	opts := "lowerdir=" + lowers + ",upperdir=" + dir + "/" + upperFolder + ",workdir=" + dir + "/" + workFolder + ",userxattr"
	b.mount("overlay", b.CString(at), "overlay", unix.MS_NOSUID|unix.MS_NODEV, opts).
		Because("what is written goes to the upper layer, and whoever shares the others sees none of it")
}

// layeredRoot makes the root of an overlay: the view's entries are its topmost lower
// layer, a file system without a link that leads elsewhere, so that an image can
// neither lack them nor have others in their place.
func (b *builder) layeredRoot(items []item) {
	b.mkdir(viewName, 0o755)
	for i := range items {
		if it := &items[i]; it.entry != nil {
			b.entry(it, viewName+it.path)
		}
	}
	b.mountLayers(b.in.RootLayers(), "root")
	b.openRoot()
	b.mkdir(devName, 0o755)
	b.devices(devName + "/")
	b.attachTree(devName, "root/dev", unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC)
	for i := range items {
		if items[i].entry == nil {
			b.place(&items[i])
		}
	}
}

// openRoot keeps the root in hand, from which a path inside is looked for where others
// have been.
func (b *builder) openRoot() {
	b.baseD = b.Var(8)
	b.openFolder("root", b.baseD).Because("what an image or a program has left may be a link: a path inside is looked for from here")
}

// attachTree attaches what was built below the staging directory.
func (b *builder) attachTree(from, at string, attr uint64) {
	fd := b.Var(8)
	b.Call("take "+from+" from the staging directory", unix.SYS_OPEN_TREE, atFdcwd, b.CString(from), unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE|unix.AT_SYMLINK_NOFOLLOW).Into(fd)
	if attr != 0 {
		b.Call("set the mount attributes of "+from, unix.SYS_MOUNT_SETATTR, uint64(fd), b.CString(""), unix.AT_EMPTY_PATH, b.attributes(attr), 32).Loading(0)
	}
	b.move(fd, at, strings.TrimPrefix(at, "root"))
}

// layeredFolder puts an overlay at a place in the root.
func (b *builder) layeredFolder(it *item, at string) {
	k := it.layers - 1
	name := "o" + strconv.Itoa(k)
	b.mkdir(name, 0o755)
	b.mountLayers(k, name)
	b.mountPoint(at, true)
	b.attachTree(name, at, 0)
}

// A spot is a place where something is put, as system calls name it: a folder, and a
// path from there.
type spot struct {
	dir  uint64
	load uint8 // 1 if dir is where a descriptor is kept
	name uint64
}

// spot gives the place of a path below the staging directory. In a root that an image
// or a program before has filled the folders on the way may be links, which must lead
// to where they lead inside: the host's tree is still in sight.
func (b *builder) spot(at string) spot {
	if b.baseD == 0 || !strings.HasPrefix(at, "root/") || b.isOurs(at[len("root"):]) {
		return spot{dir: atFdcwd, name: b.CString(at)}
	}
	dir, name := path.Split(at[len("root"):])
	return spot{dir: uint64(b.inside(path.Clean(dir))), load: 1, name: b.CString(name)}
}

// isOurs says whether a path lies in a folder that no image and no program has filled.
func (b *builder) isOurs(p string) bool {
	for k := range b.in.Layers {
		if t := b.in.Layers[k].Target; t != "/" && p != t && contains(t, p) {
			return false
		}
	}
	if !b.in.Rooted() {
		return true
	}
	for _, q := range quotas {
		if contains(q.path, p) && p != q.path {
			return true
		}
	}
	return contains("/dev", p) && p != "/dev"
}

// inside opens a folder of the jail's root as the program would come to it.
func (b *builder) inside(dir string) tape.Addr {
	if dir == "/" {
		return b.baseD
	}
	if fd := b.spots[dir]; fd != 0 {
		return fd
	}
	fd := b.Var(8)
	how := b.Words(unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0, unix.RESOLVE_IN_ROOT|unix.RESOLVE_NO_MAGICLINKS)
	b.Call("open "+dir+" inside", unix.SYS_OPENAT2, uint64(b.baseD), b.CString(dir), how, 24).Loading(0).Into(fd).
		Because("a link on the way leads to what it names inside, and nowhere else")
	if b.spots == nil {
		b.spots = map[string]tape.Addr{}
	}
	b.spots[dir] = fd
	return fd
}
