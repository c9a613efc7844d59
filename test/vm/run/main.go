// Run boots Debian kernels in QEMU, without KVM, and runs test binaries in each
// as root and as an ordinary user. See -help for what can be chosen.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/jailrun/jail/test/vm/job"
	"github.com/jailrun/jail/test/vm/kernels"
)

// options are the command line's.
type options struct {
	arch     string
	kernels  string
	packages string
	users    string
	cgroups  string
	run      string
	skip     string
	cache    string
	add      adds
	commands lines
	apparmor bool
	timeout  time.Duration
	each     time.Duration
	parallel int
	verbose  bool
}

// adds are further files of the guest, GUEST=HOST each.
type adds []string

func (a *adds) String() string { return strings.Join(*a, " ") }

func (a *adds) Set(s string) error {
	guest, host, ok := strings.Cut(s, "=")
	if !ok || !filepath.IsAbs(guest) || host == "" {
		return fmt.Errorf("%q is not GUEST=HOST with an absolute GUEST", s)
	}
	*a = append(*a, s)
	return nil
}

// lines are shell lines that are jobs too.
type lines []string

func (l *lines) String() string { return strings.Join(*l, "; ") }

// Set takes one more.
func (l *lines) Set(s string) error {
	*l = append(*l, s)
	return nil
}

func main() {
	var o options
	flag.StringVar(&o.arch, "arch", runtime.GOARCH, "architecture of the guest, as Go names it: amd64 or arm64")
	flag.StringVar(&o.kernels, "kernels", series(), "kernel series, separated by commas")
	flag.StringVar(&o.packages, "packages", "./isolate/cgroup", "packages whose tests are run, separated by commas; may be empty")
	flag.StringVar(&o.users, "users", "0,1000", "user ids that run them")
	flag.StringVar(&o.cgroups, "cgroups", "v2", "cgroups of the guest: v2, hybrid or none, separated by commas; each is a boot")
	flag.StringVar(&o.run, "run", "", "only tests that match, as of go test")
	flag.StringVar(&o.skip, "skip", "", "no tests that match, as of go test: those that need what a guest has not, a compiler or GNU tools")
	flag.StringVar(&o.cache, "cache", ".cache/vm", "folder of downloaded kernels")
	flag.Var(&o.add, "add", "a further file of the guest, GUEST=HOST; may be repeated")
	flag.Var(&o.commands, "command", "a shell line to be run too; may be repeated")
	flag.BoolVar(&o.apparmor, "apparmor", false, "give the guest apparmor_parser, as /opt/apparmor/parser")
	flag.DurationVar(&o.timeout, "timeout", 5*time.Minute, "of one boot with its tests")
	flag.DurationVar(&o.each, "each", time.Minute, "timeout of one test binary, which then shows where it hangs")
	flag.IntVar(&o.parallel, "parallel", 2, "boots at once; each needs one core and 1 GiB")
	flag.BoolVar(&o.verbose, "v", false, "show the tests' output also when they pass")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	failed, err := matrix(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "vm:", err)
		os.Exit(2)
	}
	if failed > 0 {
		fmt.Printf("%d failed\n", failed)
		os.Exit(1)
	}
}

func series() string {
	var s []string
	for _, k := range kernels.Matrix {
		s = append(s, k.Series)
	}
	return strings.Join(s, ",")
}

// matrix runs every boot and prints a line for each job; it counts those that
// did not pass.
func matrix(ctx context.Context, o options) (failed int, err error) {
	list, err := kernels.Find(strings.Split(o.kernels, ","))
	if err != nil {
		return 0, err
	}
	if err := choose(o.arch); err != nil {
		return 0, err
	}
	work, err := os.MkdirTemp("", "jail-vm-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(work)
	cache, err := kernels.OpenFor(o.cache, o.arch)
	if err != nil {
		return 0, err
	}
	g, err := newGuest(ctx, o, cache, work)
	if err != nil {
		return 0, err
	}
	var boots []boot
	for _, k := range list {
		t, err := cache.Fetch(ctx, k)
		if err != nil {
			return 0, fmt.Errorf("kernel %s: %w", k.Series, err)
		}
		for _, c := range strings.Split(o.cgroups, ",") {
			boots = append(boots, boot{t, job.Cgroups(c)})
		}
	}
	return g.bootAll(ctx, boots, o.parallel)
}
