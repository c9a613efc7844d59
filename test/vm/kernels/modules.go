package kernels

import (
	"bytes"
	"context"
	"debug/elf"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Module is a loadable part of a kernel, ready for finit_module(2).
type Module struct {
	Name string
	Data []byte
}

// Load gives the named modules, each after those that it needs. What a kernel
// has built in, or lacks, is left out: the tests probe for features.
func (t Tree) Load(ctx context.Context, names ...string) ([]Module, error) {
	l := loader{files: map[string]string{}, seen: map[string]bool{}}
	err := filepath.WalkDir(filepath.Join(t.Modules, "kernel"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.Contains(path, ".ko") {
			l.files[moduleName(path)] = path
		}
		return err
	})
	if err != nil {
		return nil, &Error{Op: "list modules", Object: t.Modules, Err: err, Hint: "remove the cache folder and try again"}
	}
	for _, name := range names {
		if err := l.add(ctx, name); err != nil {
			return nil, err
		}
	}
	return l.out, nil
}

type loader struct {
	files map[string]string
	seen  map[string]bool
	out   []Module
}

func (l *loader) add(ctx context.Context, name string) error {
	path, ok := l.files[name]
	if !ok || l.seen[name] {
		return nil
	}
	l.seen[name] = true
	data, err := contents(ctx, path)
	if err != nil {
		return err
	}
	needs, err := depends(data)
	if err != nil {
		return &Error{Op: "read module", Object: path, Err: err, Hint: "remove the cache folder and try again"}
	}
	for _, need := range needs {
		if err := l.add(ctx, need); err != nil {
			return err
		}
	}
	l.out = append(l.out, Module{name, data})
	return nil
}

// moduleName is a file's name as other modules' depends lines have it.
func moduleName(path string) string {
	base, _, _ := strings.Cut(filepath.Base(path), ".ko")
	return strings.ReplaceAll(base, "-", "_")
}

func contents(ctx context.Context, path string) ([]byte, error) {
	tool := map[string]string{".xz": "xz", ".zst": "zstd", ".gz": "gzip"}[filepath.Ext(path)]
	if tool == "" {
		return os.ReadFile(path)
	}
	out, err := exec.CommandContext(ctx, tool, "-dc", path).Output()
	if err != nil {
		return nil, &Error{Op: "decompress", Object: path, Err: failure(err), Hint: "install " + tool}
	}
	return out, nil
}

// depends reads the depends= entry of the .modinfo section.
func depends(data []byte) ([]string, error) {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	info, err := f.Section(".modinfo").Data()
	if err != nil {
		return nil, err
	}
	for entry := range bytes.SplitSeq(info, []byte{0}) {
		if list, ok := strings.CutPrefix(string(entry), "depends="); ok && list != "" {
			return strings.Split(strings.ReplaceAll(list, "-", "_"), ","), nil
		}
	}
	return nil, nil
}
