package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/store"
	"github.com/jailrun/jail/test/apart"
	"github.com/jailrun/jail/test/killed"
	"github.com/jailrun/jail/test/nocgo"
	"golang.org/x/sys/unix"
)

const killName = "__import-one"

// importOne imports a source into a store, by the program's own arguments.
func importOne(args []string) int {
	s, err := store.Open(store.Options{Dir: args[0], Create: true})
	if err == nil {
		defer s.Close()
		_, err = Import(context.Background(), s, args[1], store.Name{Repository: "image", Tag: "1"}, Options{Unpacker: layer.Command{Path: "/proc/self/exe", Args: []string{layer.UnpackerName}}})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// manyFiles is a layer that takes a while.
func manyFiles(t testing.TB, of string) []byte {
	list := []file{{name: of + "/"}}
	for i := range 400 {
		list = append(list, file{name: fmt.Sprintf("%s/%d", of, i), body: strings.Repeat(of, 100+i)})
	}
	return tarOf(t, list...)
}

func TestAnImportThatIsKilledLeavesAWholeStoreAndNothingElse(t *testing.T) {
	program := nocgo.Program(t)
	apart.Run(t, func(dir string) { // where files are made and removed fast
		must(t, unix.Mount("none", dir, "tmpfs", 0, ""))
		killImports(t, program, dir+"/store")
	})
}

func killImports(t *testing.T, program, dir string) {
	s, err := store.Open(store.Options{Dir: dir, Create: true})
	must(t, err)
	defer s.Close()
	path := newLayout(t, manyFiles(t, "a"), manyFiles(t, "b"), manyFiles(t, "c")).folder()
	const rounds = 200
	whole := 0
	killed.Rounds(t, rounds, func() *exec.Cmd { return exec.Command(program, killName, s.Path(), path) }, func(round int) {
		all, err := Verify(t.Context(), s, "")
		must(t, err)
		for _, v := range all {
			if !v.Intact() {
				t.Errorf("round %d: %+v", round, v)
			}
			whole++
		}
		if _, err := s.Remove(t.Context(), "image:1"); err != nil && !errors.Is(err, store.ErrNoImage) {
			t.Error(err)
		}
		_, err = s.GC(t.Context(), nil)
		must(t, err)
		for _, dir := range []string{"tmp", "layers", "images", "names"} {
			if left, err := os.ReadDir(s.Path() + "/" + dir); err != nil || len(left) > 0 {
				t.Fatalf("round %d: %s has %v (%v)", round, dir, left, err)
			}
		}
	})
	if whole < 2 || whole > rounds {
		t.Errorf("%d of %d imports came to their end", whole, rounds+2)
	}
}

func TestTwoImportsOfOneImageAtOnceMakeOne(t *testing.T) {
	program := nocgo.Program(t)
	s := newStore(t)
	path := newLayout(t, manyFiles(t, "a"), manyFiles(t, "b")).folder()
	var all [3]*exec.Cmd
	var said [3]bytes.Buffer
	for i := range all {
		all[i] = exec.Command(program, killName, s.Path(), path)
		all[i].Stderr = &said[i]
		must(t, all[i].Start())
	}
	for i := range all {
		if err := all[i].Wait(); err != nil {
			t.Errorf("%v: %s", err, said[i].Bytes())
		}
	}
	list, err := s.List()
	must(t, err)
	if len(list) != 1 || len(list[0].Layers) != 2 {
		t.Errorf("%+v", list)
	}
	intact(t, s)
}
