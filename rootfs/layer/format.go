package layer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Format is how an archive is compressed.
type Format string

// The formats.
const (
	Tar  Format = "tar" // not at all
	Gzip Format = "gzip"
	Zstd Format = "zstd"
)

// mediaTypes are those of the image specification and of docker. Layers that are not
// to be distributed are fetched from where a manifest says, and are none.
var mediaTypes = [...]struct {
	name   string
	format Format
}{
	{"application/vnd.oci.image.layer.v1.tar", Tar},
	{"application/vnd.oci.image.layer.v1.tar+gzip", Gzip},
	{"application/vnd.oci.image.layer.v1.tar+zstd", Zstd},
	{"application/vnd.docker.image.rootfs.diff.tar", Tar},
	{"application/vnd.docker.image.rootfs.diff.tar.gzip", Gzip},
	{"application/vnd.docker.image.rootfs.diff.tar.zstd", Zstd},
}

// FormatOf is the format that a media type stands for. The error is an *Error with
// ErrMediaType.
func FormatOf(mediaType string) (Format, error) {
	for _, m := range mediaTypes {
		if m.name == mediaType {
			return m.format, nil
		}
	}
	return "", refuse("unpack", mediaType, ErrMediaType)
}

// block is the size of which all of tar is made.
const block = 512

// Detect tells an archive by its first bytes; what they are is ErrFormat otherwise.
// 512 bytes suffice.
func Detect(head []byte) (Format, error) {
	switch {
	case len(head) == 0:
		return "", ErrTruncated
	case bytes.HasPrefix(head, []byte("\x1f\x8b")): // RFC 1952, 2.3.1
		return Gzip, nil
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")): // RFC 8878, 3.1.1
		return Zstd, nil
	case isTar(head):
		return Tar, nil
	}
	return "", ErrFormat
}

// isTar looks for a first header whose sum is right, or for an archive without one.
func isTar(head []byte) bool {
	if len(head) < block {
		return false
	}
	const sumAt, sumEnd = 148, 156
	var sum, signed int64 // old writers took bytes for signed: tar(5)
	for i, c := range head[:block] {
		if i >= sumAt && i < sumEnd {
			c = ' '
		}
		sum, signed = sum+int64(c), signed+int64(int8(c)) // #nosec G115 -- as it is meant
	}
	if sum == ' '*(sumEnd-sumAt) {
		return bytes.Equal(head[sumAt:sumEnd], make([]byte, sumEnd-sumAt))
	}
	want, err := strconv.ParseInt(string(bytes.Trim(head[sumAt:sumEnd], " \x00")), 8, 64)
	return err == nil && (want == sum || want == signed)
}

// decompressor gives the archive in r, whose format is held to the media type.
func decompressor(r io.Reader, mediaType string) (io.ReadCloser, Format, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	head, err := buffered.Peek(block)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	f, err := Detect(head)
	if err == nil && mediaType != "" {
		err = f.isOf(mediaType)
	}
	if err != nil {
		return nil, f, err
	}
	var d io.ReadCloser
	switch f {
	case Gzip:
		d, err = gunzip(buffered)
	case Zstd:
		d, err = unzstd(buffered)
	default:
		return io.NopCloser(buffered), f, nil
	}
	if err != nil {
		return nil, f, caused{ErrCompression, err}
	}
	return faulty{d}, f, nil
}

func (f Format) isOf(mediaType string) error {
	want, err := FormatOf(mediaType)
	if err != nil || want == f {
		return err
	}
	return &Error{Op: "unpack", Object: mediaType, Err: ErrFormat, Hint: "its first bytes are " + string(f) + "'s"}
}

func gunzip(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }

func unzstd(r io.Reader) (io.ReadCloser, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// faulty says of a decompressor's errors that they are.
type faulty struct{ io.ReadCloser }

func (f faulty) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = caused{ErrTruncated, err}
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		err = &Error{Op: "decompress", Err: caused{ErrTooLarge, err}, Hint: "compress it with a window of 8 MiB at most"}
	case err != nil && !errors.Is(err, io.EOF):
		err = caused{ErrCompression, err}
	}
	return n, err
}
