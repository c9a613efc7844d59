package kernels

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Cache is a folder of unpacked packages and apt's own files for it.
type Cache struct {
	dir  string
	list bool   // the package lists are current
	arch string // Debian's name of it; empty: native
}

// Open makes or opens a cache.
func Open(dir string) (*Cache, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, &Error{Op: "open cache", Object: dir, Err: err, Hint: "give an absolute path"}
	}
	for _, d := range []string{"apt/state/lists/partial", "apt/cache/archives/partial", "apt/parts"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, &Error{Op: "open cache", Object: dir, Err: err, Hint: "give a folder that can be written"}
		}
	}
	return &Cache{dir: dir}, nil
}

// suites are those asked for; where a mirror lacks one, the others still work.
var suites = []string{"bookworm", "bookworm-security", "bookworm-backports", "bullseye-security", "trixie", "trixie-backports"}

// update writes a sources.list for the mirrors that the host itself uses, and
// loads the package lists once.
func (c *Cache) update(ctx context.Context) error {
	if c.list {
		return nil
	}
	sources, err := c.sources(ctx)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(c.dir, "apt/sources.list"), sources, 0o644); err != nil {
		return &Error{Op: "write", Object: "sources.list", Err: err, Hint: "is the cache's disk full?"}
	}
	if _, err := c.apt(ctx, c.dir, "apt-get", "update", "-qq"); err != nil {
		return err
	}
	c.list = true
	return nil
}

// sources derives the lines from where the host's own suites come from.
func (c *Cache) sources(ctx context.Context) ([]byte, error) {
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)",
		"Created-By: Packages", "Origin: Debian").Output()
	if err != nil {
		return nil, &Error{Op: "ask apt", Object: "indextargets", Err: failure(err), Hint: `run "apt-get update" once`}
	}
	mirrors := map[bool]string{} // of security suites, and of the others
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) >= 2 {
			mirrors[strings.HasSuffix(f[0], "-security")] = f[1]
		}
	}
	var b bytes.Buffer
	for _, s := range suites {
		if uri := mirrors[strings.HasSuffix(s, "-security")]; uri != "" {
			fmt.Fprintf(&b, "deb [signed-by=%s] %s %s main\n", keyring, uri, s)
		}
	}
	if b.Len() == 0 {
		return nil, &Error{Op: "ask apt", Object: "indextargets", Err: errors.New("no Debian suite is configured"), Hint: `run "apt-get update" once, on a Debian host`}
	}
	return b.Bytes(), nil
}

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// search lists the packages of a suite whose names match, by rising version.
func (c *Cache) search(ctx context.Context, suite string, match *regexp.Regexp) ([]string, error) {
	if err := c.update(ctx); err != nil {
		return nil, err
	}
	out, err := c.apt(ctx, c.dir, "apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages", "Release: "+suite)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range strings.Fields(string(out)) {
		found, err := namesIn(ctx, file, match)
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	if len(names) == 0 {
		return nil, &Error{Op: "find package", Object: match.String(), Err: os.ErrNotExist, Hint: "the mirror has no such kernel in " + suite}
	}
	slices.SortFunc(names, byVersion)
	return names, nil
}

// namesIn reads a package list, which apt may keep compressed.
func namesIn(ctx context.Context, file string, match *regexp.Regexp) ([]string, error) {
	out, err := exec.CommandContext(ctx, "/usr/lib/apt/apt-helper", "cat-file", file).Output()
	if err != nil {
		return nil, &Error{Op: "read list", Object: file, Err: failure(err), Hint: "remove the cache folder and try again"}
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "Package: "); ok && match.MatchString(name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// byVersion compares names so that the numbers in them count as numbers.
func byVersion(a, b string) int {
	for a != "" && b != "" {
		x, restA := leading(a)
		y, restB := leading(b)
		if len(x) != len(y) && digit(x[0]) && digit(y[0]) {
			return len(x) - len(y)
		}
		if x != y {
			return strings.Compare(x, y)
		}
		a, b = restA, restB
	}
	return len(a) - len(b)
}

// leading cuts off a run of digits, or one other byte.
func leading(s string) (head, rest string) {
	n := 0
	for n < len(s) && digit(s[n]) {
		n++
	}
	n = max(n, 1)
	return s[:n], s[n:]
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// packages gives a folder of the cache in which some packages are unpacked.
func (c *Cache) packages(ctx context.Context, name string, list ...string) (dir string, err error) {
	dir = filepath.Join(c.dir, name)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	return dir, c.unpack(ctx, dir, list)
}

// unpack downloads the first set of packages that the mirror has and unpacks
// it. The folder appears whole or not at all.
func (c *Cache) unpack(ctx context.Context, dir string, sets ...[]string) error {
	if err := c.update(ctx); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(c.dir, "unpack-")
	if err != nil {
		return &Error{Op: "unpack", Object: dir, Err: err, Hint: "is the cache's disk full?"}
	}
	defer os.RemoveAll(tmp)
	var failed []error
	for _, set := range sets {
		err := c.download(ctx, tmp, set)
		if err == nil {
			return os.Rename(filepath.Join(tmp, "tree"), dir)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

func (c *Cache) download(ctx context.Context, tmp string, set []string) error {
	if _, err := c.apt(ctx, tmp, "apt-get", append([]string{"download", "-qq"}, set...)...); err != nil {
		return err
	}
	return extract(ctx, tmp)
}

// extract unpacks the packages in a folder to "tree" there.
func extract(ctx context.Context, tmp string) error {
	debs, _ := filepath.Glob(filepath.Join(tmp, "*.deb"))
	for _, deb := range debs {
		if out, err := exec.CommandContext(ctx, "dpkg-deb", "-x", deb, filepath.Join(tmp, "tree")).CombinedOutput(); err != nil {
			return &Error{Op: "unpack", Object: deb, Err: err, Hint: strings.TrimSpace(string(out))}
		}
	}
	return nil
}

// apt runs an apt command on the cache's own state, in dir.
func (c *Cache) apt(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	own := filepath.Join(c.dir, "apt")
	options := []string{
		"-o", "Dir::Etc::SourceList=" + filepath.Join(own, "sources.list"),
		"-o", "Dir::Etc::SourceParts=" + filepath.Join(own, "parts"),
		"-o", "Dir::Etc::Preferences=/dev/null",
		"-o", "Dir::Etc::PreferencesParts=" + filepath.Join(own, "parts"),
		"-o", "Dir::State=" + filepath.Join(own, "state"),
		"-o", "Dir::State::Status=/dev/null",
		"-o", "Dir::Cache=" + filepath.Join(own, "cache"),
		"-o", "APT::Architecture=" + c.Arch(),
		"-o", "APT::Sandbox::User=root", // the cache need not be open to another user
	}
	cmd := exec.CommandContext(ctx, name, append(options, args...)...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return nil, &Error{Op: name, Object: strings.Join(args, " "), Err: failure(err), Hint: "is the package mirror reachable?"}
	}
	return out, nil
}

// failure adds what the command said to its exit status.
func failure(err error) error {
	var e *exec.ExitError
	if errors.As(err, &e) && len(e.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(e.Stderr)))
	}
	return err
}
