package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/jailrun/jail/audit"
	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/rootfs/image"
	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/store"
	"golang.org/x/sys/unix"
)

// imageVerb is a word after "jaild image".
type imageVerb struct {
	name string
	help func() string
	run  func(ctx context.Context, args []string) (int, error)
}

// imageVerbs is a function, not a variable: the helps name the tables of flags.
func imageVerbs() []imageVerb {
	return []imageVerb{
		{"import", imageImportHelp, imageImport},
		{"pull", imagePullHelp, imagePull},
		{"verify", imageVerifyHelp, imageVerify},
		{"export", imageExportHelp, imageExport},
		{"sign", imageSignHelp, imageSign},
	}
}

// imageCommand is "jaild image".
func imageCommand(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM, unix.SIGHUP)
	defer stop()
	for _, v := range imageVerbs() {
		if len(args) > 0 && args[0] == v.name {
			if slices.ContainsFunc(args[1:], func(a string) bool { return a == "--help" || a == "-h" }) {
				return printed(os.Stdout, v.help())
			}
			status, err := v.run(ctx, args[1:])
			if err != nil {
				complain(err)
				return result.StatusFailed
			}
			return status
		}
	}
	return unknownImage(args)
}

func unknownImage(args []string) int {
	var names []string
	for _, v := range imageVerbs() {
		names = append(names, v.name)
	}
	complain(&Error{Op: "read", Object: strings.Join(append([]string{"image"}, args[:min(len(args), 1)]...), " "), Err: errUsage, Hint: "use jaild image " + strings.Join(names, "|")})
	return result.StatusFailed
}

// imageHelp is "jaild help image [VERB]".
func imageHelp(args []string) int {
	text := ""
	for _, v := range imageVerbs() {
		if len(args) == 0 || args[0] == v.name {
			text += v.help() + "\n"
		}
	}
	if text == "" {
		return unknownImage(args)
	}
	return printed(os.Stdout, strings.TrimSuffix(text, "\n"))
}

// openStore opens the caller's store; an image that may have been lost with the host's
// power is verified when it is used.
func openStore(ctx context.Context, o store.Options) (*store.Store, error) {
	var s *store.Store
	o.Verify = func(i *store.Image) error { return image.Assure(ctx, s)(i) }
	s, err := store.Open(o)
	return s, err
}

// unpacker is this very program.
func unpacker() layer.Command {
	return layer.Command{Path: "/proc/self/exe", Args: []string{layer.UnpackerName}}
}

// wordsOf reads a verb's arguments.
func wordsOf(verb, example string, args []string, least, most int) ([]string, error) {
	for _, a := range args[min(len(args), 1):] {
		if len(a) > 1 && a[0] == '-' {
			return nil, &Error{Op: "read", Object: a, Err: errLate, Hint: "write flags before what they are for"}
		}
	}
	if len(args) < least || most >= 0 && len(args) > most {
		return nil, &Error{Op: "read", Object: "image " + verb + " " + strings.Join(args, " "), Err: errWords, Hint: "for example jail image " + verb + " " + example}
	}
	return args, nil
}

// readKey reads a small file with a key.
func readKey(path string) (string, error) {
	const most = 4096
	f, err := safepath.OpenInput(path, nil)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most))
	return strings.TrimSpace(string(b)), err
}

// readPublicKey says what is wrong with one, before anything is read.
func readPublicKey(path string) (string, error) {
	text, err := readKey(path)
	if err == nil {
		_, err = audit.ReadPublicKey(text)
	}
	var e *audit.Error
	if errors.As(err, &e) {
		e.Object = "--key " + path
	}
	return text, err
}

func printJSON(v any) error { return json.NewEncoder(os.Stdout).Encode(v) }

// say writes a line of its own to standard error.
func say(format string, a ...any) { fmt.Fprintf(os.Stderr, "jaild: "+format+"\n", a...) }
