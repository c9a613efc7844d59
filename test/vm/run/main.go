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
	suite    string
	page     string
	update   bool
	packages string
	users    string
	cgroups  string
	run      string
	skip     string
	cache    string
	add      adds
	commands lines
	apparmor bool
	systemd  bool
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
	flag.StringVar(&o.suite, "suite", "", "short or long: the tests of the matrix instead of those of -packages and -command")
	flag.StringVar(&o.page, "page", "", "a page that is held to what the kernels give")
	flag.BoolVar(&o.update, "update", false, "write the page and what else is kept anew")
	flag.StringVar(&o.packages, "packages", "", "packages whose tests are run, separated by commas")
	flag.StringVar(&o.users, "users", "0,1000", "user ids that run them")
	flag.StringVar(&o.cgroups, "cgroups", "v2", "cgroups of the guest: v2, hybrid or none, separated by commas; each is a boot")
	flag.StringVar(&o.run, "run", "", "only tests that match, as of go test")
	flag.StringVar(&o.skip, "skip", "", "no tests that match, as of go test: those that need what a guest has not, a compiler or GNU tools")
	flag.StringVar(&o.cache, "cache", ".cache/vm", "folder of downloaded kernels")
	flag.Var(&o.add, "add", "a further file of the guest, GUEST=HOST; may be repeated")
	flag.Var(&o.commands, "command", "a shell line to be run too; may be repeated")
	flag.BoolVar(&o.apparmor, "apparmor", false, "give the guest apparmor_parser, as /opt/apparmor/parser")
	flag.BoolVar(&o.systemd, "systemd", false, "boot a Debian with systemd, whose service runs the jobs")
	flag.DurationVar(&o.timeout, "timeout", 20*time.Minute, "of one boot with its tests, which a busy host makes long")
	flag.DurationVar(&o.each, "each", 4*time.Minute, "timeout of one test binary in the guest's own time, which then shows where it hangs")
	flag.IntVar(&o.parallel, "parallel", 2, "boots at once; each needs one core and 1 GiB")
	flag.BoolVar(&o.verbose, "v", false, "show the tests' output also when they pass")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	wrong, err := matrix(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "vm:", err)
		os.Exit(2)
	}
	if wrong > 0 {
		fmt.Printf("FAILED: %d\n", wrong)
		os.Exit(1)
	}
	fmt.Println("ok")
}

func series() string {
	var s []string
	for _, k := range kernels.Matrix {
		s = append(s, k.Series)
	}
	return strings.Join(s, ",")
}

// matrix runs every boot, and prints a line for each job and the tables at the
// end; it counts what is wrong.
func matrix(ctx context.Context, o options) (wrong int, err error) {
	start := time.Now()
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
	boots, err := g.boots(ctx, list)
	if err != nil {
		return 0, err
	}
	if wrong, err = g.bootAll(ctx, boots, o.parallel); err != nil {
		return wrong, err
	}
	more, err := g.conclude(boots, time.Since(start))
	return wrong + more, err
}

// boots lists the boots: a kernel with each kind of cgroups.
func (g *guest) boots(ctx context.Context, list []kernels.Kernel) (boots []*boot, err error) {
	for _, c := range strings.Split(g.o.cgroups, ",") {
		for _, k := range list {
			t, err := g.cache.Fetch(ctx, k)
			if err != nil {
				return nil, fmt.Errorf("kernel %s: %w", k.Series, err)
			}
			boots = append(boots, &boot{tree: t, cgroups: job.Cgroups(c), jobs: g.jobsIn(job.Cgroups(c))})
		}
	}
	return boots, nil
}

// conclude prints the tables, and holds the page to them.
func (g *guest) conclude(boots []*boot, took time.Duration) (wrong int, err error) {
	cpu := time.Duration(0)
	for _, b := range boots {
		cpu += b.cpu
	}
	fmt.Printf("\n%s%s\n%s\n%d boots in %.0f s, which took %.0f s of a core\n", gives(boots, job.CgroupsV2), gives(boots, job.CgroupsHybrid), tests(boots), len(boots), took.Seconds(), cpu.Seconds())
	whole := g.o.suite != "" && len(boots) == 2*len(kernels.Matrix) && len(g.users) == 2
	if !whole {
		return 0, nil
	}
	for _, e := range g.excuses {
		if !e.used {
			wrong++
			fmt.Printf("FAIL   no test was skipped for this line of %s: %s\n", skipsFile, e.reason)
		}
	}
	if g.o.update && g.o.page != "" {
		return wrong, writePage(g.o.page, boots, time.Now())
	}
	different, err := checkPage(g.o.page, boots)
	if len(different) > 0 {
		wrong++
		fmt.Printf("FAIL   %s is otherwise:\n%s\n", g.o.page, strings.Join(different, "\n"))
	}
	return wrong, err
}
