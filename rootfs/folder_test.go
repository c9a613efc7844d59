package rootfs

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// stackOf makes layers, the topmost first: what each has is written as a path and a
// content, a folder with "/" at its end, "-" for what it takes away.
func stackOf(t *testing.T, layers ...map[string]string) (s Stack) {
	t.Helper()
	for _, l := range layers {
		dir := t.TempDir()
		s = append(s, dir)
		for path, content := range l {
			at := filepath.Join(dir, path)
			err := os.MkdirAll(filepath.Dir(at), 0o755)
			switch {
			case err != nil:
			case content == "-":
				err = unix.Mknod(at, unix.S_IFCHR, 0) // unlike other devices, any user may: mknod(2)
			case content == "opaque":
				if err = os.Mkdir(at, 0o755); err == nil {
					err = unix.Setxattr(at, "user.overlay.opaque", []byte("y"), 0)
				}
			default:
				err = os.WriteFile(at, []byte(content), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

func TestAFolderIsThatOfAllLayers(t *testing.T) {
	for name, c := range map[string]struct {
		layers  []map[string]string
		content string
		folder  error
		file    error
	}{
		"the topmost's is seen":          {[]map[string]string{{"etc/passwd": "high"}, {"etc/passwd": "low"}}, "high", nil, nil},
		"a lower one's shines through":   {[]map[string]string{{"etc/group": "x"}, {"usr/x": ""}, {"etc/passwd": "low"}}, "low", nil, nil},
		"taken away":                     {[]map[string]string{{"etc/passwd": "-"}, {"etc/passwd": "low"}}, "", nil, unix.ENOENT},
		"under a folder taken away":      {[]map[string]string{{"etc/group": "x"}, {"etc": "-"}, {"etc/passwd": "low"}}, "", nil, unix.ENOENT},
		"under a folder that covers it":  {[]map[string]string{{"etc": "opaque"}, {"etc/passwd": "low"}}, "", nil, unix.ENOENT},
		"a folder that is taken away":    {[]map[string]string{{"etc": "-"}, {"etc/passwd": "low"}}, "", unix.ENOTDIR, nil},
		"a folder that became a file":    {[]map[string]string{{"etc": "file"}, {"etc/passwd": "low"}}, "", unix.ENOTDIR, nil},
		"no layer has the folder":        {[]map[string]string{{"usr/x": ""}}, "", unix.ENOENT, nil},
		"a file that is too large":       {[]map[string]string{{"etc/passwd": "0123456789abcdef+"}}, "", nil, unix.EFBIG},
		"a file that became a folder":    {[]map[string]string{{"etc/passwd/x": ""}, {"etc/passwd": "low"}}, "", nil, unix.EINVAL},
		"an image that has no layer yet": {nil, "", unix.ENOENT, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := stackOf(t, c.layers...).FolderIn("etc")
			if err != c.folder {
				t.Fatalf("the folder: %v, want %v", err, c.folder)
			}
			if err != nil {
				return
			}
			defer f.Close()
			b, err := f.ReadFile("passwd", 16)
			if string(b) != c.content || err != c.file {
				t.Errorf("%q (%v), want %q (%v)", b, err, c.content, c.file)
			}
		})
	}
}

func TestAFolderThatIsALinkIsNotFollowed(t *testing.T) {
	s := stackOf(t, map[string]string{"usr/x": ""})
	if err := os.Symlink("/etc", s[0]+"/etc"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.FolderIn("etc"); err != unix.ENOTDIR {
		t.Error(err)
	}
}
