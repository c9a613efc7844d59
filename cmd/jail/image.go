package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/jailrun/jail/internal/escape"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/rootfs/digest"
	"github.com/jailrun/jail/rootfs/state"
	"github.com/jailrun/jail/rootfs/store"
)

// imageVerbs are those that read and write small files of the store, and those that
// jaild has: what they need to link would cost each start a fifth of a millisecond.
func imageVerbs() []command {
	return []command{
		handed("image", "import", "[flags] TAR|FOLDER|LAYOUT|- NAME", "bring an image into the store"),
		handed("image", "pull", "[flags] REF [NAME]", "fetch an image from a registry"),
		{"image ls", "", "list the images", imageListHelp, objectFlags[:], false, 0, imageList},
		{"image inspect", "IMAGE", "say what an image is made of", imageInspectHelp, objectFlags[:], false, 1, imageInspect},
		handed("image", "verify", "[flags] [IMAGE…]", "read images whole, and say what was changed"),
		handed("image", "export", "IMAGE FILE", "write an image to a tar file"),
		handed("image", "sign", "[flags] KEY TAR|LAYOUT", "sign an image, for import --key"),
		{"image rm", "IMAGE…", "take names from images", imageRemoveHelp, plainFlags[:], false, -1, imageRemove},
		{"image gc", "", "remove what no name leads to and nobody uses", imageGCHelp, objectFlags[:], false, 0, imageGC},
	}
}

// handed is a command of jaild's: it reads its own flags, and has its own help.
func handed(name, verb, args, short string) command {
	return command{name + " " + verb, args, short, "", nil, false, -1, func(r *request) int {
		return handOver(append([]string{name, verb}, r.argv...)...)
	}}
}

// imageCommand is "jail image" without a word that it knows.
func imageCommand(r *request) int { return unknownVerb(r, "image", imageVerbs()) }

// openStore opens the caller's store, if there is one.
func openStore() (*store.Store, error) { return store.Open(store.Options{}) }

// withStore runs a command on the store, and gives its exit status.
func withStore(do func(*store.Store) error) int {
	s, err := openStore()
	if err == nil {
		err = do(s)
		if e := s.Close(); err == nil {
			err = e
		}
	}
	if err != nil {
		complain(err)
		return result.StatusFailed
	}
	return 0
}

func printJSON(v any) error { return json.NewEncoder(os.Stdout).Encode(v) }

// imageList is "jail image ls". Images whose record can't be read don't hide the others.
func imageList(r *request) int {
	return withStore(func(s *store.Store) error {
		all, damaged := s.List()
		var err error
		if r.asJSON {
			if all == nil {
				all = []store.Summary{}
			}
			err = printJSON(map[string]any{"store": s.Path(), "images": all})
		} else {
			_, err = os.Stdout.WriteString(imageTable(all))
		}
		if err == nil {
			err = damaged
		}
		return err
	})
}

// imageInspect is "jail image inspect".
func imageInspect(r *request) int {
	if len(r.argv) == 0 {
		return r.lacks("image inspect", "for example jail image inspect debian:12")
	}
	return withStore(func(s *store.Store) error {
		i, err := s.Inspect(r.argv[0])
		if err != nil {
			return err
		}
		if r.asJSON {
			return printJSON(i)
		}
		_, err = os.Stdout.WriteString(imageText(s, i))
		return err
	})
}

// imageRemove is "jail image rm".
func imageRemove(r *request) int {
	if len(r.argv) == 0 {
		return r.lacks("image rm", "for example jail image rm debian:12")
	}
	return withStore(func(s *store.Store) error {
		for _, ref := range r.argv {
			names, err := s.Remove(context.Background(), ref)
			if err != nil {
				return err
			}
			for _, n := range names {
				if _, err := os.Stdout.WriteString("removed the name " + escape.All(n) + "\n"); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// imageGC is "jail image gc".
func imageGC(r *request) int {
	return withStore(func(s *store.Store) error {
		kept, err := ofStates(s)
		if err != nil {
			return err
		}
		swept, err := s.GC(context.Background(), kept)
		if err == nil {
			err = state.Sweep(s.Path())
		}
		if err != nil {
			return err
		}
		if r.asJSON {
			return printJSON(swept)
		}
		_, err = os.Stdout.WriteString(sweptText(swept))
		return err
	})
}

// ofStates lists the images that states were made upon. One that can't be read may be
// upon any, and nothing is removed.
func ofStates(s *store.Store) (ids []digest.Digest, err error) {
	texts, err := state.Images(s.Path())
	for _, text := range texts {
		id, bad := digest.Parse(text)
		if bad != nil {
			return nil, bad
		}
		ids = append(ids, id)
	}
	return ids, err
}

// lacks says that a command line names no image.
func (r *request) lacks(op, hint string) int {
	complain(&failure{op: op, err: errNoImageName, hint: hint})
	return result.StatusFailed
}
