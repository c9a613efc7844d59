package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/jailrun/jail/internal/escape"
	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/image"
	"github.com/jailrun/jail/rootfs/store"
)

// verifyRequest is what a command line of "jaild image verify" asks for.
type verifyRequest struct{ json bool }

var imageVerifyFlags = [...]flagRow[verifyRequest]{
	{"json", "", "print one JSON object", switchFlag(func(r *verifyRequest) *bool { return &r.json })},
	{"help", "", "print the help", func(*verifyRequest, string) error { return nil }},
}

func imageVerifyHelp() string {
	var b bytes.Buffer
	b.WriteString(`Usage: jail image verify [flags] [IMAGE…]

Read images whole, all without an IMAGE, and hold each to its digests: every layer must
give the very archive that it came from, each file must be as that says, and there must
be no other. The exit status is 0 when nothing is wrong, 1 when something is.

`)
	writeFlags(&b, imageVerifyFlags[:])
	return b.String()
}

func imageVerify(ctx context.Context, args []string) (int, error) {
	r := &verifyRequest{}
	args, err := readFlags("image verify", imageVerifyFlags[:], r, args)
	if err == nil {
		args, err = wordsOf("verify", "debian:12", args, 0, -1)
	}
	if err != nil {
		return 0, err
	}
	s, err := openStore(ctx, store.Options{})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	if len(args) == 0 {
		args = []string{""}
	}
	var all []image.Verified
	for _, ref := range args {
		found, err := image.Verify(ctx, s, ref)
		if err != nil {
			return 0, err
		}
		all = append(all, found...)
	}
	return r.told(all)
}

const statusNotIntact = 1

func (r *verifyRequest) told(all []image.Verified) (status int, err error) {
	var b strings.Builder
	for i := range all {
		v := &all[i]
		word := "intact"
		if !v.Intact() {
			word, status = "NOT intact", statusNotIntact
		}
		for _, p := range v.Problems {
			b.WriteString(escape.All(p.Text) + "\n")
		}
		b.WriteString(escape.All(strings.Join(append(v.Names, v.ID.String()), " ")) + ": " + word + "\n")
	}
	if r.json {
		if all == nil {
			all = []image.Verified{}
		}
		return status, printJSON(map[string]any{"intact": status == 0, "images": all})
	}
	_, err = os.Stdout.WriteString(b.String())
	return status, err
}

// exportTarRequest is what a command line of "jaild image export" asks for: nothing
// but what it names.
type exportTarRequest struct{}

var imageExportFlags = [...]flagRow[exportTarRequest]{
	{"help", "", "print the help", func(*exportTarRequest, string) error { return nil }},
}

func imageExportHelp() string {
	var b bytes.Buffer
	b.WriteString(`Usage: jail image export IMAGE FILE

Write an image as an OCI layout in a tar file, which docker and podman load too. Its
configuration and its layers, uncompressed, have the digests with which they came. With
- it goes to standard output.

`)
	writeFlags(&b, imageExportFlags[:])
	return b.String()
}

func imageExport(ctx context.Context, args []string) (int, error) {
	args, err := readFlags("image export", imageExportFlags[:], &exportTarRequest{}, args)
	if err == nil {
		args, err = wordsOf("export", "debian:12 debian.tar", args, 2, 2)
	}
	if err != nil {
		return 0, err
	}
	s, err := openStore(ctx, store.Options{})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	if args[1] == standard {
		_, err = image.Export(ctx, s, args[0], os.Stdout)
		return 0, err
	}
	d, err := exportTo(ctx, s, args[0], args[1])
	if err == nil {
		_, err = fmt.Printf("%s %s\n", escape.All(args[1]), d)
	}
	return 0, err
}

func exportTo(ctx context.Context, s *store.Store, ref, path string) (d digest.Digest, err error) {
	err = writeNew(path, 0o644, func(f *os.File) error {
		d, err = image.Export(ctx, s, ref, f)
		return err
	})
	return d, err
}

// signRequest is what a command line of "jaild image sign" asks for.
type signRequest struct{ ref string }

var imageSignFlags = [...]flagRow[signRequest]{
	{"ref", "NAME", "of several images sign the one that the source calls NAME", textFlag(func(r *signRequest) *string { return &r.ref })},
	{"help", "", "print the help", func(*signRequest, string) error { return nil }},
}

func imageSignHelp() string {
	var b bytes.Buffer
	b.WriteString(`Usage: jail image sign [flags] KEY TAR|LAYOUT

Write TAR.sig or LAYOUT.sig: the digest of the image, signed by the private key in the
file KEY, as jail audit key makes one. Of an OCI layout it is the digest by which
index.json names the image, of any other file that of the file.

`)
	writeFlags(&b, imageSignFlags[:])
	b.WriteString(`
    jail audit key builds builds.key
    jail image sign builds.key app.tar
    jail image import --key builds.key.pub app.tar app
`)
	return b.String()
}

func imageSign(_ context.Context, args []string) (int, error) {
	r := &signRequest{}
	args, err := readFlags("image sign", imageSignFlags[:], r, args)
	if err == nil {
		args, err = wordsOf("sign", "builds.key app.tar", args, 2, 2)
	}
	if err != nil {
		return 0, err
	}
	key, err := readKey(args[0])
	if err != nil {
		return 0, err
	}
	d, to, err := image.Sign(args[1], key, r.ref)
	if err == nil {
		_, err = fmt.Printf("%s %s\n", escape.All(to), d)
	}
	return 0, err
}
