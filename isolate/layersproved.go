package isolate

import (
	"strconv"
	"strings"

	"github.com/jailrun/jail/policy"
)

// provesLayers weighs a root that is an overlay: that the program's root is one, and
// that its own mounts, as the kernel told it, have these layers in this order.
func (r *run) provesLayers(fs int64, readOnly bool) (bool, string) {
	const magicOverlay = 0x794c7630
	held := fs == magicOverlay && readOnly == (r.policy.Root == policy.RootReadOnly)
	detail := "statfs of / gives type 0x" + strconv.FormatInt(fs, 16)
	_, options, _ := strings.Cut(r.seen.rootMount(), " - overlay ")
	lowers := option(strings.TrimSuffix(options, "\n"), "lowerdir=")
	k := r.in.RootLayers()
	held = held && lowers == strings.Join(r.in.Layers[k].Names(k), ":")
	return held, detail + "; /proc/self/mountinfo has it as an overlay with lowerdir=" + lowers + r.layersText() + r.stateText()
}

// stateText says what bounds a state, where nothing of the kernel's does.
func (r *run) stateText() string {
	s := r.layers.state
	if s == nil || s.Mounted() {
		return ""
	}
	return "; its state is a folder, and no file system: what that holds is only sampled, of files without a name what /proc shows, and the jail ended above " + strconv.FormatInt(s.Bytes, 10) + " bytes or " + strconv.FormatInt(s.Files(), 10) + " files"
}

// layersText names the image and its layers, the topmost first, as the overlay has them.
func (r *run) layersText() string {
	img := r.layers.image
	if img == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("; image " + img.ID.String() + " of layers")
	for i := len(img.Layers) - 1; i >= 0; i-- {
		b.WriteString(" " + img.Layers[i].DiffID.String())
	}
	return b.String()
}

// option gives the value of one of a mount's options.
func option(options, key string) string {
	for o := range strings.SplitSeq(options[strings.LastIndexByte(options, ' ')+1:], ",") {
		if v, ok := strings.CutPrefix(o, key); ok {
			return v
		}
	}
	return ""
}
