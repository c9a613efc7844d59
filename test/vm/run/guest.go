package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jailrun/jail/test/posture"
	"github.com/jailrun/jail/test/vm/cpio"
	"github.com/jailrun/jail/test/vm/job"
	"github.com/jailrun/jail/test/vm/kernels"
)

// guest holds what all boots have in common.
type guest struct {
	o     options
	cache *kernels.Cache
	work  string // scratch folder
	files []cpio.Entry
	jobs  []planned
	users []int

	excuses []*excuse
	kept    goldens
}

// planned is a job of some boots.
type planned struct {
	job.Job
	part *part
}

// skipsFile names the skips that are known, goldensDir the folder of what
// guests said before; a whole suite is held to both.
const (
	skipsFile  = "test/vm/skips.txt"
	goldensDir = "test/vm/testdata"
)

// modules are those that a jail may need; the ones a kernel lacks are left out.
var modules = []string{"overlay", "fuse", "veth", "bridge", "nf_tables", "nft_chain_nat", "nft_ct", "nft_masq", "vsock", "ext4", "loop", "bfq", "null_blk"}

// disk tells jobs of the machine's disk.
var disk = []string{"JAIL_TEST_DISK=" + job.DiskAt, "JAIL_TEST_DEVICE=" + job.Disk}

// links and accounts make the guest look like a host with a merged /usr.
var links = map[string]string{"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}

var accounts = map[string]string{
	"etc/passwd":        "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
	"etc/group":         "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n",
	"etc/issue":         "Debian GNU/Linux \\n \\l\n",
	"etc/shadow":        "root:*:1::::::\n",
	"etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
	"etc/hosts":         "127.0.0.1 localhost\n::1 localhost\n",
}

// applets are busybox's names that tests and scripts use.
var applets = []string{"sh", "true", "false", "cat", "echo", "sleep", "ls", "id", "env", "kill", "dd", "mount", "umount", "touch", "mkdir", "rm", "ps", "wc", "head", "seq", "yes", "readlink", "stat", "chroot", "grep", "sed", "cut", "find", "mktemp", "chmod", "chown", "cp", "mv", "ln", "pwd", "uname", "nice", "timeout", "tr", "sort", "expr", "test", "printf", "nproc", "tail", "date", "hostname", "du", "df"}

func newGuest(ctx context.Context, o options, cache *kernels.Cache, work string) (*guest, error) {
	g := &guest{o: o, cache: cache, work: work, kept: goldens{goldensDir, o.update}}
	for _, user := range strings.Split(o.users, ",") {
		uid, err := strconv.Atoi(user)
		if err != nil {
			return nil, fmt.Errorf("user %q: %w", user, err)
		}
		g.users = append(g.users, uid)
	}
	if o.suite != "" {
		var err error
		if g.excuses, err = readExcuses(skipsFile); err != nil {
			return nil, err
		}
	}
	for _, step := range []func(context.Context) error{g.addBase, g.addDisk, g.addMaker, g.addPrograms, g.addTests, g.addExtra, g.addAppArmor, g.addSystemd} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *guest) addBase(ctx context.Context) error {
	busybox, err := g.cache.Busybox(ctx)
	if err != nil {
		return err
	}
	init := filepath.Join(g.work, "vminit")
	if err := goBuild(ctx, "build", "-o", init, "github.com/jailrun/jail/test/vm/vminit"); err != nil {
		return err
	}
	for _, d := range []string{"root", "usr/sbin", "usr/lib64", "usr/lib", "var/tmp", "opt"} {
		g.files = append(g.files, cpio.Entry{Path: d, Kind: cpio.Dir, Perm: 0o755})
	}
	for name, to := range links {
		g.files = append(g.files, cpio.Entry{Path: name, Kind: cpio.Symlink, Perm: 0o777, Data: []byte(to)})
	}
	for name, text := range accounts {
		g.files = append(g.files, cpio.Entry{Path: name, Kind: cpio.File, Perm: 0o644, Data: []byte(text)})
	}
	g.files = append(g.files,
		cpio.Entry{Path: "home/user", Kind: cpio.Dir, Perm: 0o777},
		cpio.Entry{Path: "dev/console", Kind: cpio.Char, Perm: 0o600, Major: 5, Minor: 1})
	for _, a := range applets {
		g.files = append(g.files, cpio.Entry{Path: "usr/bin/" + a, Kind: cpio.Symlink, Perm: 0o777, Data: []byte("busybox")})
	}
	return errors.Join(g.addFile("usr/bin/busybox", busybox), g.addFile("init", init))
}

// addTests compiles the tests of each package and makes the jobs of each part.
func (g *guest) addTests(ctx context.Context) error {
	parts, err := g.o.parts()
	if err != nil {
		return err
	}
	built := map[string]bool{}
	for i := range parts {
		p := &parts[i]
		if p.pkg != "" && !built[p.pkg] {
			built[p.pkg] = true
			if err := g.addTest(ctx, p.pkg, packageName(p.pkg)); err != nil {
				return err
			}
		}
		for _, uid := range g.users {
			if !p.root || uid == 0 {
				g.jobs = append(g.jobs, planned{g.job(p, uid), p})
			}
		}
	}
	return nil
}

// jobsIn are the jobs of a boot with cgroups of a kind.
func (g *guest) jobsIn(kind job.Cgroups) (jobs []planned) {
	for _, j := range g.jobs {
		if j.part.in(kind) {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

func packageName(pkg string) string { return strings.TrimPrefix(filepath.Clean(pkg), "./") }

// job is a part for one user.
func (g *guest) job(p *part, uid int) job.Job {
	j := job.Job{Name: p.title(), UID: uid, Dir: "/", Settings: p.settings, Env: disk}
	if p.line != "" {
		j.Argv = []string{"/usr/bin/sh", "-c", p.line}
		return j
	}
	name := packageName(p.pkg)
	j.Dir = "/src/" + name
	j.Argv = []string{testPath(name), "-test.v", "-test.timeout=" + g.o.each.String()}
	if p.tests != "" {
		j.Argv = append(j.Argv, "-test.run="+p.tests)
	}
	if p.skip != "" {
		j.Argv = append(j.Argv, "-test.skip="+p.skip)
	}
	return j
}

func testPath(name string) string { return "/tests/" + strings.ReplaceAll(name, "/", "_") + ".test" }

func (g *guest) addTest(ctx context.Context, pkg, name string) error {
	binary := filepath.Join(g.work, filepath.Base(testPath(name)))
	if err := goBuild(ctx, "test", "-tags", "guest", "-ldflags", "-s -w", "-c", "-o", binary, pkg); err != nil {
		return err
	}
	if _, err := os.Stat(binary); err != nil {
		return fmt.Errorf("package %s has no tests: %w", pkg, err)
	}
	g.files = append(g.files, cpio.Entry{Path: "src/" + name, Kind: cpio.Dir, Perm: 0o755})
	if err := g.addFile(testPath(name), binary); err != nil {
		return err
	}
	// go test runs a binary in its package's folder, where its data is.
	return g.addTree("src/"+name+"/testdata", filepath.Join(pkg, "testdata"))
}

// scripts are the programs of the suites, and where they lie in the guest.
var scripts = map[string]string{
	"usr/bin/jail":       "bin/jail",
	"usr/bin/limits":     "test/vm/limits.sh",
	"usr/bin/clock":      "test/vm/clock.sh",
	"usr/bin/doctor":     "test/vm/doctor.sh",
	"usr/lib/session.sh": "test/vm/session.sh",
}

// addPrograms adds what the suites run beside packages' tests.
func (g *guest) addPrograms(ctx context.Context) error {
	if g.o.suite == "" {
		return nil
	}
	facts, report := filepath.Join(g.work, "facts"), filepath.Join(g.work, "posture")
	if err := goBuild(ctx, "build", "-o", facts, "github.com/jailrun/jail/test/vm/facts"); err != nil {
		return err
	}
	if err := posture.Build(ctx, report); err != nil {
		return err
	}
	errs := []error{g.addFile("usr/bin/facts", facts), g.addFile(strings.TrimPrefix(posture.Built, "/"), report)}
	for at, host := range scripts {
		errs = append(errs, g.addFile(at, host))
	}
	return errors.Join(errs...)
}

func (g *guest) addExtra(context.Context) error {
	for _, a := range g.o.add {
		at, host, _ := strings.Cut(a, "=")
		if err := g.addTree(at, host); err != nil {
			return err
		}
	}
	return nil
}

// addTree adds a file or a folder; one that is not there adds nothing if it is
// a package's testdata.
func (g *guest) addTree(at, host string) error {
	if _, err := os.Stat(host); os.IsNotExist(err) && filepath.Base(host) == "testdata" {
		return nil
	}
	return filepath.WalkDir(host, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(host, path)
		if err != nil {
			return err
		}
		return g.addFile(filepath.Join(at, rel), path)
	})
}

func (g *guest) addFile(at, host string) error {
	info, err := os.Stat(host)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(host)
	if err != nil {
		return err
	}
	g.files = append(g.files, cpio.Entry{Path: at, Kind: cpio.File, Perm: uint32(info.Mode().Perm()), Data: data})
	return nil
}

// archive writes the first root of one boot.
func (g *guest) archive(ctx context.Context, path string, b *boot) error {
	loaded, err := b.tree.Load(ctx, modules...)
	if err != nil {
		return err
	}
	jobs := make([]job.Job, len(b.jobs))
	for i := range b.jobs {
		jobs[i] = b.jobs[i].Job
	}
	orders, err := json.Marshal(job.Boot{Cgroups: b.cgroups, Systemd: g.o.systemd, Jobs: jobs})
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := cpio.NewWriter(f)
	for _, e := range g.files {
		w.Add(e)
	}
	for i, m := range loaded {
		w.Add(cpio.Entry{Path: fmt.Sprintf("modules/%02d-%s.ko", i, m.Name), Kind: cpio.File, Perm: 0o644, Data: m.Data})
	}
	w.Add(cpio.Entry{Path: job.File, Kind: cpio.File, Perm: 0o644, Data: orders})
	return errors.Join(w.Close(), f.Close())
}

// goBuild runs the go command for a static binary.
func goBuild(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
