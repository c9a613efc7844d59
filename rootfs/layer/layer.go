// Package layer turns an archive of an image's layer to a folder, and the folder
// back to the very archive.
//
// A layer is unpacked once, into a folder that becomes a lower layer of overlays. As
// root its files belong to whom the archive says; an ordinary user's all belong to
// him. Beside the tree stands a skeleton: all bytes of the archive that are not a
// file's contents. With it Replay writes the archive anew, bit by bit, and Verify
// finds whatever was changed.
//
// The archive is untrusted. Nothing in it is followed, what can't be kept exactly is
// refused, and all that it can grow is bounded. Confined does the same in a process
// of its own that can reach nothing but the folder.
package layer

import "github.com/jailrun/jail/rootfs/digest"

// What a layer's folder holds.
const (
	TreeDir      = "tree"     // what the archive has
	SkeletonFile = "skeleton" // all of the archive but its files' contents
)

// Options say what is expected of an archive, and what it may hold.
type Options struct {
	// MediaType is what a manifest says of the archive: an OCI or docker type of a
	// layer. "" takes what its first bytes say.
	MediaType string `json:"media_type,omitempty"`
	// Blob and DiffID are the sums that the archive must have as it comes, and
	// uncompressed. None: any.
	Blob   digest.Digest `json:"blob,omitzero"`
	DiffID digest.Digest `json:"diff_id,omitzero"`
	// LeaveOutDevices takes an archive with device nodes and FIFOs below dev/, and
	// makes none of them: images of whole systems have some, and a jail has a /dev of
	// its own. Anywhere else they are refused, and without this option there too.
	LeaveOutDevices bool `json:"leave_out_devices,omitempty"`
	// AllowUnconfined lets Confined go on where the host forbids user namespaces, with
	// the walls that it can have.
	AllowUnconfined bool `json:"allow_unconfined,omitempty"`
	// Limits bound it.
	Limits Limits `json:"limits,omitzero"`

	// confined says that this is the unpacker: what comes is summed up outside, and
	// whether files can be given away was looked at before /proc was gone.
	confined bool
	owners   bool
}

// Info says what was unpacked or packed.
type Info struct {
	Format      Format        `json:"format"`
	Blob        digest.Digest `json:"blob"`    // of the bytes as they came
	DiffID      digest.Digest `json:"diff_id"` // of the archive, uncompressed
	BlobBytes   int64         `json:"blob_bytes"`
	StreamBytes int64         `json:"stream_bytes"` // of the archive, uncompressed
	Bytes       int64         `json:"bytes"`        // what its files hold
	Entries     int64         `json:"entries"`      // names that were made
	Implied     int64         `json:"implied"`      // folders among them that the archive has no entry for: 0755, root's
	Whiteouts   int64         `json:"whiteouts"`    // entries that hide something of a lower layer
	LeftOut     int64         `json:"left_out"`     // devices, FIFOs and sockets that were not made or packed
	MappedOwner bool          `json:"mapped_owner"` // all belongs to one user, whomever the archive names
	Walls       []string      `json:"walls"`        // what confined the unpacker; none in the caller's own process
}

// Limits bound what an archive may make of a host. A zero is the default.
type Limits struct {
	Entries int64 `json:"entries,omitempty"` // of the archive; 1,000,000
	Bytes   int64 `json:"bytes,omitempty"`   // of the archive, uncompressed, and of what its sparse files pretend to hold; 64 GiB
	Ratio   int64 `json:"ratio,omitempty"`   // of these to the bytes that came; 200
	Slack   int64 `json:"slack,omitempty"`   // bytes to which the ratio does not matter; 64 MiB
	Header  int64 `json:"header,omitempty"`  // bytes of one entry's headers; 4 MiB
	Depth   int   `json:"depth,omitempty"`   // names in a path; 128
}

// Bounds of the kernel: limits.h, and path_resolution(7).
const (
	mostName   = 255
	mostPath   = 4095
	mostTarget = 4095
)

// window bounds what a decompressor must remember. RFC 8878, 3.1.1.1.2, has 8 MiB as
// what each should support, and zstd asks for more only where it is told to.
const window = 8 << 20

func (l Limits) orDefaults() Limits {
	for _, d := range [...]struct {
		field  *int64
		preset int64
	}{
		{&l.Entries, 1_000_000},
		{&l.Bytes, 64 << 30},
		{&l.Ratio, 200},
		{&l.Slack, 64 << 20},
		{&l.Header, 4 << 20},
	} {
		if *d.field <= 0 {
			*d.field = d.preset
		}
	}
	if l.Depth <= 0 {
		l.Depth = 128
	}
	return l
}
