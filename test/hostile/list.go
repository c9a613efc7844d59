// Package hostile has archives that whoever unpacks them should refuse.
package hostile

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/test/tarball"
)

// Archive is one that is to be refused.
type Archive struct {
	Name  string
	Bytes func(testing.TB) []byte
	Want  layer.Fault
	// Escape is what it makes or changes outside of its folder where it is unpacked by
	// somebody who believes it, an absolute path; "": nothing.
	Escape string
}

// Victim is a file that stands outside of every folder that is unpacked to.
const Victim = "/victim"

const (
	victim = Victim
	block  = 512
)

// Archives are all.
func Archives() (all []Archive) {
	for _, some := range [...]func() []Archive{outside, throughLinks, twice, hardLinks, noFiles, whiteouts, names, properties, bombs, noArchives} {
		all = append(all, some()...)
	}
	return all
}

func of(list ...tarball.Entry) func(testing.TB) []byte {
	return func(t testing.TB) []byte { return tarball.Tar(t, list...) }
}

func file(name string) tarball.Entry     { return tarball.New(name, tar.TypeReg, "evil") }
func empty(name string) tarball.Entry    { return tarball.New(name, tar.TypeReg, "") }
func dir(name string) tarball.Entry      { return tarball.New(name, tar.TypeDir, "") }
func link(name, to string) tarball.Entry { return tarball.New(name, tar.TypeSymlink, to) }
func hard(name, to string) tarball.Entry { return tarball.New(name, tar.TypeLink, to) }

func pax(e tarball.Entry, k, v string) tarball.Entry {
	return e.With(func(h *tar.Header) { h.PAXRecords = map[string]string{k: v} })
}

// outside are paths that lead out.
func outside() []Archive {
	return []Archive{
		{"dot dot", of(file("../" + victim[1:])), layer.ErrClimbs, victim},
		{"dot dot in the midst", of(dir("a/"), file("a/../../victim")), layer.ErrClimbs, victim},
		{"dot dot at the end", of(dir("a/..")), layer.ErrClimbs, ""},
		{"many dot dots", of(file(strings.Repeat("../", 40) + "victim")), layer.ErrClimbs, victim},
		{"absolute", of(file(victim)), layer.ErrAbsolute, victim},
		{"absolute with slashes", of(file("///victim")), layer.ErrAbsolute, victim},
		{"absolute folder", of(dir("/made/")), layer.ErrAbsolute, "/made"},
		{"dot dot folder", of(dir("../made/")), layer.ErrClimbs, "/made"},
	}
}

// throughLinks are paths through links.
func throughLinks() []Archive {
	return []Archive{
		{"through an absolute link", of(link("l", "/"), file("l/victim")), layer.ErrThroughLink, victim},
		{"through a relative link", of(link("l", ".."), file("l/victim")), layer.ErrThroughLink, victim},
		{"through a link to the folder itself", of(link("l", "."), file("l/x")), layer.ErrThroughLink, ""},
		{"through two links", of(link("a", "b"), link("b", "/"), file("a/victim")), layer.ErrThroughLink, victim},
		{"through a link deeper down", of(dir("a/"), link("a/l", "/"), file("a/l/victim")), layer.ErrThroughLink, victim},
		{"a folder through a link", of(link("l", "/"), dir("l/made/")), layer.ErrThroughLink, "/made"},
		{"a link through a link", of(link("l", "/"), link("l/made", "x")), layer.ErrThroughLink, "/made"},
		{"a whiteout through a link", of(link("l", "/"), empty("l/.wh.victim")), layer.ErrThroughLink, ""},
		{"opacity through a link", of(link("l", "/"), empty("l/.wh..wh..opq")), layer.ErrThroughLink, ""},
		{"a hard link in a folder behind a link", of(link("l", "/"), file("f"), hard("l/made", "f")), layer.ErrThroughLink, "/made"},
		{"through a file", of(file("f"), file("f/x")), layer.ErrThroughFile, ""},
		{"through a whiteout", of(empty(".wh.f"), file("f/x")), layer.ErrThroughFile, ""},
	}
}

// twice are names that come twice: the second would be written where the first leads.
func twice() []Archive {
	return []Archive{
		{"a file over a link", of(link("l", victim), file("l")), layer.ErrDuplicate, victim},
		{"a file over a file", of(file("f"), file("f")), layer.ErrDuplicate, ""},
		{"a file over a folder", of(dir("f/"), file("f")), layer.ErrDuplicate, ""},
		{"a folder over a link", of(link("l", "/"), dir("l/"), file("l/victim")), layer.ErrDuplicate, victim},
		{"a folder over a file", of(file("f"), dir("f/")), layer.ErrDuplicate, ""},
		{"a link over a file", of(file("f"), link("f", "x")), layer.ErrDuplicate, ""},
		{"a hard link over a file", of(file("f"), file("g"), hard("f", "g")), layer.ErrDuplicate, ""},
		{"a file over a hard link", of(file("f"), hard("g", "f"), file("g")), layer.ErrDuplicate, ""},
		{"a whiteout over a file", of(file("f"), empty(".wh.f")), layer.ErrDuplicate, ""},
		{"a file over a whiteout", of(empty(".wh.f"), file("f")), layer.ErrDuplicate, ""},
		{"a whiteout twice", of(empty(".wh.f"), empty(".wh.f")), layer.ErrDuplicate, ""},
		{"opacity twice", of(dir("d/"), empty("d/.wh..wh..opq"), empty("d/.wh..wh..opq")), layer.ErrDuplicate, ""},
		{"the same name, written otherwise", of(file("a/f"), file("./a//./f")), layer.ErrDuplicate, ""},
	}
}

// hardLinks lead out of the layer, or to nothing.
func hardLinks() []Archive {
	return []Archive{
		{"a hard link to a file of the host's", of(hard("h", victim)), layer.ErrLinkOutside, ""},
		{"a hard link that climbs", of(hard("h", "../victim")), layer.ErrLinkOutside, ""},
		{"a file over such a hard link", of(hard("h", "../victim"), file("h")), layer.ErrLinkOutside, victim},
		{"a hard link to nowhere", of(hard("h", "absent")), layer.ErrLinkNowhere, ""},
		{"a hard link forward", of(hard("h", "f"), file("f")), layer.ErrLinkNowhere, ""},
		{"a hard link to itself", of(hard("h", "h")), layer.ErrLinkNowhere, ""},
		{"a hard link to a folder", of(dir("d/"), hard("h", "d")), layer.ErrLinkToFolder, ""},
		{"a hard link through a link", of(link("l", "/"), hard("h", "l/victim")), layer.ErrThroughLink, ""},
		{"a hard link through a file", of(file("f"), hard("h", "f/x")), layer.ErrLinkNowhere, ""},
		{"a hard link to a whiteout", of(empty(".wh.f"), hard("h", "f")), layer.ErrLinkNowhere, ""},
		{"a hard link without a target", of(tarball.New("h", tar.TypeLink, "./")), layer.ErrTarget, ""},
	}
}

// noFiles are what no file of an image is.
func noFiles() []Archive {
	return []Archive{
		{"a block device", of(tarball.New("disk", tar.TypeBlock, "").With(func(h *tar.Header) { h.Devmajor, h.Devminor = 254, 0 })), layer.ErrDevice, ""},
		{"a character device", of(tarball.New("mem", tar.TypeChar, "").With(func(h *tar.Header) { h.Devmajor, h.Devminor = 1, 1 })), layer.ErrDevice, ""},
		{"a device that is a whiteout to overlays", of(tarball.New("etc/passwd", tar.TypeChar, "")), layer.ErrDevice, ""},
		{"a FIFO", of(tarball.New("fifo", tar.TypeFifo, "")), layer.ErrFIFO, ""},
		{"a type that is none", raw("x", 'Z', ""), layer.ErrType, ""},
		{"a contiguous file", raw("x", tar.TypeCont, ""), layer.ErrType, ""},
	}
}

// whiteouts hide nothing, or are more than that.
func whiteouts() []Archive {
	return []Archive{
		{"a whiteout of nothing", of(empty(".wh.")), layer.ErrWhiteout, ""},
		{"a whiteout of the folder", of(empty("a/.wh..")), layer.ErrWhiteout, ""},
		{"a whiteout of the folder above", of(empty("a/.wh...")), layer.ErrWhiteout, ""},
		{"a whiteout of a whiteout", of(empty(".wh..wh.x")), layer.ErrWhiteout, ""},
		{"a whiteout with contents", of(file(".wh.x")), layer.ErrWhiteout, ""},
		{"a whiteout that is a folder", of(dir(".wh.x/")), layer.ErrWhiteout, ""},
		{"a whiteout that is a link", of(link(".wh.x", "/")), layer.ErrWhiteout, ""},
		{"a file below a whiteout", of(file(".wh.x/y")), layer.ErrWhiteout, ""},
		{"an opaque root", of(empty(".wh..wh..opq")), layer.ErrWhiteout, ""},
	}
}

// names are those that no file can have.
func names() []Archive {
	return []Archive{
		{"a name of 256 bytes", of(file(strings.Repeat("n", 256))), layer.ErrName, ""},
		{"a path of 4,200 bytes", of(file(strings.Repeat(strings.Repeat("n", 69)+"/", 60) + "x")), layer.ErrName, ""},
		{"a path of 129 names", of(file(strings.Repeat("d/", 128) + "x")), layer.ErrTooDeep, ""},
		{"a file with a slash at its end", raw("f/", tar.TypeReg, ""), layer.ErrName, ""},
		{"a file that is the root", raw("./", tar.TypeSymlink, "x"), layer.ErrName, ""},
		{"a target of 5,000 bytes", of(link("l", strings.Repeat("t", 5000))), layer.ErrTarget, ""},
		{"a link without a target", raw("l", tar.TypeSymlink, ""), layer.ErrTarget, ""},
	}
}

// properties are attributes, owners and times.
func properties() []Archive {
	return []Archive{
		{"an attribute that redirects an overlay", of(pax(dir("d/"), "SCHILY.xattr.user.overlay.redirect", "/etc")), layer.ErrAttribute, ""},
		{"an attribute that makes a file another's", of(pax(empty("f"), "SCHILY.xattr.user.overlay.metacopy", "")), layer.ErrAttribute, ""},
		{"opacity by an attribute", of(pax(dir("d/"), "SCHILY.xattr.user.overlay.opaque", "y")), layer.ErrAttribute, ""},
		{"nobody's file", of(file("f").With(func(h *tar.Header) { h.Uid = 1<<32 - 1 })), layer.ErrOwner, ""},
		{"an owner beyond all IDs", of(file("f").With(func(h *tar.Header) { h.Gid = 1 << 40 })), layer.ErrOwner, ""},
		{"a time beyond all clocks", of(file("f").With(func(h *tar.Header) { h.ModTime = time.Unix(1<<40, 0) })), layer.ErrTime, ""},
		{"a record for all entries after it", global("path", "../victim"), layer.ErrGlobal, ""},
	}
}

// bombs are small, and fill whoever unpacks them.
func bombs() []Archive {
	return []Archive{
		{"a header bomb", extended(5, 1<<20-100), layer.ErrHeaders, ""},
		{"a long name bomb", longName(2 << 20), layer.ErrHeader, ""},
		{"long names after long names", longNames(5, 1<<20-block), layer.ErrHeaders, ""},
		{"a file that pretends to be huge", sparseOf(1 << 50), layer.ErrTooLarge, ""},
		{"holes that grow", sparseOf(1 << 35), layer.ErrRatio, ""},
		{"zeros that grow", func(t testing.TB) []byte {
			return tarball.Gzip(t, tarball.Tar(t, tarball.New("zeros", tar.TypeReg, strings.Repeat("\x00", 96<<20))))
		}, layer.ErrRatio, ""},
	}
}

// noArchives end too early, or are something else.
func noArchives() []Archive {
	return []Archive{
		{"nothing", func(testing.TB) []byte { return nil }, layer.ErrTruncated, ""},
		{"text", func(testing.TB) []byte { return bytes.Repeat([]byte("text "), 500) }, layer.ErrFormat, ""},
		{"bzip2", func(testing.TB) []byte { return append([]byte("BZh9"), make([]byte, 600)...) }, layer.ErrFormat, ""},
		{"xz", func(testing.TB) []byte { return append([]byte("\xfd7zXZ\x00"), make([]byte, 600)...) }, layer.ErrFormat, ""},
		{"cut off in a header", cut(700 + block), layer.ErrTruncated, ""},
		{"cut off in a file", cut(3000), layer.ErrTruncated, ""},
		{"cut off between two entries", cut(2 * block), layer.ErrTruncated, ""},
		{"cut off before the end", cut(-2 * block), layer.ErrTruncated, ""},
		{"cut off in gzip", func(t testing.TB) []byte { b := tarball.Gzip(t, ordinary(t)); return b[:len(b)-9] }, layer.ErrTruncated, ""},
		{"cut off in zstd", func(t testing.TB) []byte { b := tarball.Zstd(t, ordinary(t)); return b[:len(b)-9] }, layer.ErrTruncated, ""},
		{"a header with a wrong sum", func(t testing.TB) []byte { b := tarball.Tar(t, file("a"), file("b")); b[2*block]++; return b }, layer.ErrHeader, ""},
		{"a gzip with a wrong sum", func(t testing.TB) []byte { b := tarball.Gzip(t, ordinary(t)); b[len(b)-6] ^= 1; return b }, layer.ErrCompression, ""},
		{"more after the end", func(t testing.TB) []byte { return append(tarball.Tar(t, file("a")), tarball.Tar(t, file("b"))...) }, layer.ErrTrailing, ""},
		{"garbage after the end", func(t testing.TB) []byte { return append(tarball.Tar(t, file("a")), 1) }, layer.ErrTrailing, ""},
		{"garbage after gzip", func(t testing.TB) []byte {
			return append(tarball.Gzip(t, tarball.Tar(t, file("a"))), "garbage and more of it"...)
		}, layer.ErrCompression, ""},
		{"a window of 128 MiB", func(testing.TB) []byte { return []byte("\x28\xb5\x2f\xfd\x00\x88" + "\x01\x00\x00") }, layer.ErrTooLarge, ""},
		{"a negative size", negative(), layer.ErrHeader, ""},
	}
}

// ordinary is nothing to be refused, and can't be compressed.
func ordinary(t testing.TB) []byte {
	b := make([]byte, 100<<10)
	_, _ = rand.Read(b)
	return tarball.Tar(t, tarball.New("a/", tar.TypeDir, ""), tarball.New("a/f", tar.TypeReg, string(b)))
}
