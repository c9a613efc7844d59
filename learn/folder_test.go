package learn

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAFolderWithASocketIsNotShownWhole(t *testing.T) {
	dir := t.TempDir()
	below := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(below, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if !OnlyFiles(dir) {
		t.Error("a folder of files is refused")
	}
	if err := unix.Mkfifo(filepath.Join(below, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	if OnlyFiles(dir) {
		t.Error("a FIFO is not seen")
	}
}
