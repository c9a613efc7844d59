package main

import (
	"fmt"
	"strings"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/registry"
	"github.com/jailrun/jail/rootfs/store"
)

// pullRequest is what a command line of "jaild image pull" asks for.
type pullRequest struct {
	reference string
	name      store.Name
	platform  registry.Platform
	most      size.Bytes
	plainHTTP bool
	key       string // files; "" for none
	signature string
	layout    string // a folder; "": the store
	barely    bool   // without all walls
	json      bool
	quiet     bool

	unpacker layer.Command // a test's; this very program without
}

var pullFlags = [...]flagRow[pullRequest]{
	{"platform", "OS/ARCH", "whose image is taken, as linux/arm64 or linux/arm/v7 (default: this machine's)", setPlatform},
	{"key", "FILE", "unpack nothing that is not signed by this public key", textFlag(func(r *pullRequest) *string { return &r.key })},
	{"signature", "FILE", "the signature, as \"jail image sign\" makes one; with --key", textFlag(func(r *pullRequest) *string { return &r.signature })},
	{"most", "SIZE", "how much all blobs may have, as they are transferred (default 16G)", setMostPulled},
	{"plain-http", "", "speak to a registry on the loopback without TLS", switchFlag(func(r *pullRequest) *bool { return &r.plainHTTP })},
	{"unconfined", "", "unpack on a host that forbids user namespaces too, with the walls that it can have", switchFlag(func(r *pullRequest) *bool { return &r.barely })},
	{"layout", "FOLDER", "write an OCI image layout to this new folder, and import nothing", textFlag(func(r *pullRequest) *string { return &r.layout })},
	{"json", "", "print one JSON object", switchFlag(func(r *pullRequest) *bool { return &r.json })},
	{"quiet", "", "no bars, and no lines but errors", switchFlag(func(r *pullRequest) *bool { return &r.quiet })},
	{"help", "", "print the help", func(*pullRequest, string) error { return nil }},
}

func setPlatform(r *pullRequest, v string) (err error) {
	r.platform, err = registry.ParsePlatform(v)
	return err
}

func setMostPulled(r *pullRequest, v string) (err error) {
	if r.most, err = size.Parse(v); err == nil && r.most == 0 {
		err = &Error{Op: "read", Object: "--most " + v, Err: errNothing, Hint: "write an amount of more than 0"}
	}
	return err
}

// parsePull reads flags, REF and NAME.
func parsePull(args []string) (*pullRequest, error) {
	r := &pullRequest{}
	args, err := readFlags("image pull", pullFlags[:], r, args)
	if err != nil {
		return nil, err
	}
	switch {
	case len(args) == 0:
		return nil, &Error{Op: "read", Object: "the command line", Err: errNoImage, Hint: "for example jail image pull alpine:3"}
	case len(args) > 1 && strings.HasPrefix(args[len(args)-1], "-"):
		return nil, &Error{Op: "read", Object: fmt.Sprintf("%q", args[len(args)-1]), Err: errLateFlag, Hint: "write it before the image"}
	case len(args) > 2 || len(args) == 2 && r.layout != "":
		return nil, &Error{Op: "read", Object: fmt.Sprintf("%q", args[len(args)-1]), Err: errTooMuch, Hint: `"jail image pull --help" says what there is`}
	case (r.key == "") != (r.signature == ""):
		return nil, &Error{Op: "read", Object: "the command line", Err: errHalfSigned, Hint: "write --key FILE --signature FILE"}
	case r.key != "" && r.layout != "":
		return nil, &Error{Op: "read", Object: "--key", Err: errNotImported, Hint: "give the key to jail image import"}
	}
	r.reference = args[0]
	return r, r.called(args[1:])
}

// called says what the image is to be called: as the registry calls it, without a
// digest, or by another name.
func (r *pullRequest) called(names []string) (err error) {
	name, _, _ := strings.Cut(r.reference, "@")
	if len(names) > 0 {
		name = names[0]
	}
	if r.layout == "" {
		r.name, err = store.ParseName(name)
	}
	return err
}

const pullText1 = `Usage: jail image pull [flags] REF [NAME]

Fetch an image from a registry and import it into the store, by the name NAME, or by
REF without its digest. REF is NAME, NAME:TAG or NAME@sha256:DIGEST, as Docker has
them; a digest is held to.

Credentials are those of "docker login" and "podman login": config.json in
$DOCKER_CONFIG or ~/.docker, with its credential helpers, or Podman's auth.json.
A registry is spoken to by TLS only.

`

const pullText2 = `
Layers that the store has are not unpacked again. Foreign layers, images of Docker's first schema and artifacts that are no images are
refused. Nothing is unpacked before all of it is there and has its digest.

The exit status is 0, or 125 when the image was not pulled.

    jail image pull alpine:3
    jail image pull --key team.pub --signature app.sig registry.example/team/app:1.2 app
`

func imagePullHelp() string {
	var b strings.Builder
	b.WriteString(pullText1)
	writeFlags(&b, pullFlags[:])
	return b.String() + pullText2
}
