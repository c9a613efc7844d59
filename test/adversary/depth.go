package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// Defence in depth: every attack is made once more with each layer left out,
// which shows what the others hold by themselves. What tries a limit is held by
// one layer by nature, and is left alone.

// apartVar is set where the namespaces are those that are thrown away.
const apartVar = "JAIL_ADVERSARY_APART"

// apart runs the same command in namespaces of its own: without a layer an
// attack may reach what is around the jail.
func apart(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	argv := []string{"--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "--net", "--ipc", "--uts", "--propagation", "private", self}
	c := exec.CommandContext(ctx, "unshare", append(argv, os.Args[1:]...)...)
	c.Env = append(os.Environ(), apartVar+"=1")
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	return c.Run()
}

// world gives the new network namespace what attacks look for: a way out, which
// leads nowhere.
func world(ctx context.Context) error {
	for _, args := range []string{
		"link set lo up", "link add out0 type veth peer name out1", "addr add 198.51.100.2/24 dev out0", "link set out0 up", "link set out1 up", "route add default dev out0",
	} {
		if out, err := exec.CommandContext(ctx, "ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", args, err, out)
		}
	}
	return nil
}

// weak is jail as built with what leaves walls out.
func (s *scene) weak() string { return filepath.Join(s.dir, "jail-without") }

func (s *scene) buildWeak(ctx context.Context) error {
	c := exec.CommandContext(ctx, "go", "build", "-tags", "jailtest", "-o", s.weak(), "github.com/jailrun/jail/cmd/jail")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build jail with the hook of tests: %w: %s", err, out)
	}
	return nil
}

// manner is one of two in which a layer can be left out.
type manner struct {
	title string
	env   func(policy.Layer) string // of the hook of tests
	flags func(policy.Layer) []string
	can   func(l policy.Layer, uid int) bool
	fails bool // a jail that does not start holds
}

// asTried leaves a layer's steps out of a launch that may do without that one.
// Where the steps of others stand on them no jail starts: that holds.
var asTried = manner{
	title: "by a jail that may do without it, but without none that stands on it",
	env:   func(l policy.Layer) string { return "JAIL_WITHOUT=" + string(l) },
	flags: try,
	can:   func(policy.Layer, int) bool { return true },
	fails: true,
}

func try(l policy.Layer) []string {
	for _, d := range policy.AllLayers() {
		if d.Name == l && d.CanTry {
			return []string{"--try", string(l)}
		}
	}
	return nil
}

// asLacked leaves a layer out of a launch that goes on all the same: every layer
// is tried, and where others stand on one, the plan is that for a host which lacks
// it.
var asLacked = manner{
	title: "by a jail that goes on without it, and without what stands on it",
	env:   lackedBy,
	flags: tryAll,
	can:   canLack,
}

func lackedBy(l policy.Layer) string {
	switch l {
	case policy.LayerUserNS, policy.LayerNetNS, policy.LayerRootfs:
		return "JAIL_LACKS=" + string(l)
	case policy.LayerMntNS:
		return "JAIL_LACKS=mnt_ns rootfs" // there is no root without
	}
	return "JAIL_WITHOUT=" + string(l)
}

func canLack(l policy.Layer, uid int) bool {
	switch l {
	case policy.LayerNoNewPrivs:
		return false // the kernel takes no filter then, seccomp(2)
	case policy.LayerUserNS:
		return uid == 0 // an ordinary user gets the other namespaces by it alone
	}
	return true
}

func tryAll(policy.Layer) (flags []string) {
	for _, l := range policy.AllLayers() {
		flags = append(flags, try(l.Name)...)
	}
	return flags
}

// depths are what came of each attack without each layer.
type depths struct {
	manner
	layers  []policy.Layer
	list    []*attack
	through map[*attack]map[policy.Layer]bool // it got through, as root or as an ordinary user
	unmade  map[policy.Layer]int              // attacks for which no jail started
	made    map[policy.Layer]int
}

func (s *scene) depths(ctx context.Context, list []*attack, m manner) (*depths, error) {
	d := &depths{manner: m, through: map[*attack]map[policy.Layer]bool{}, unmade: map[policy.Layer]int{}, made: map[policy.Layer]int{}}
	for _, a := range list {
		if a.harmless() {
			d.list = append(d.list, a)
			d.through[a] = map[policy.Layer]bool{}
		}
	}
	for _, l := range policy.AllLayers() {
		d.layers = append(d.layers, l.Name)
		s.hook = []string{m.env(l.Name)}
		for _, a := range d.list {
			for _, uid := range s.users() {
				if !a.isFor(uid) || !m.can(l.Name, uid) {
					continue
				}
				got, err := s.inside(ctx, a, uid, slices.Concat(m.flags(l.Name), a.flags))
				if err != nil {
					return nil, fmt.Errorf("without %s: %w", l.Name, err)
				}
				d.count(a, l.Name, got)
			}
		}
		s.endStrays()
	}
	return d, ctx.Err()
}

// endStrays ends what jails without a pid namespace have left behind, which is
// ours as this process is pid 1: it would hold their user's share of keys.
func (s *scene) endStrays() {
	for left := true; left; {
		left = false
		for _, pid := range children(os.Getpid()) {
			if !s.isVictim(pid) {
				left = true
				_ = unix.Kill(pid, unix.SIGKILL)
				_, _ = unix.Wait4(pid, nil, 0, nil) // whose children are then ours
			}
		}
	}
	for pid := 1; pid > 0; { // those that were dead already
		pid, _ = unix.Wait4(-1, nil, unix.WNOHANG, nil)
	}
}

func (s *scene) isVictim(pid int) bool {
	for _, v := range s.victims {
		if v.Process.Pid == pid {
			return true
		}
	}
	return false
}

// count notes what came of an attack.
func (d *depths) count(a *attack, l policy.Layer, got said) {
	switch {
	case got.through():
		d.through[a][l] = true
		d.made[l]++
	case got.reason == "setup-failed" || got.reason == "internal":
		d.unmade[l]++
	default:
		d.made[l]++
	}
}

// print says how many attacks of each category no single layer is needed for,
// and names the others with the layer that alone holds each.
func (d *depths) print(w io.Writer) {
	fmt.Fprintf(w, "Held without any one layer, %s:\n\n", d.title)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "category\tattacks\theld\t\t")
	for _, c := range categories {
		n, held := 0, 0
		for _, a := range d.list {
			if a.category == c {
				n++
				if len(d.through[a]) == 0 {
					held++
				}
			}
		}
		if n > 0 {
			fmt.Fprintf(t, "%s\t%d\t%d\t%d %%\t\n", c, n, held, held*100/n)
		}
	}
	t.Flush()
	fmt.Fprintln(w, "\nHeld by one layer alone:")
	for _, a := range d.list {
		var by []string
		for _, l := range d.layers {
			if d.through[a][l] {
				by = append(by, string(l))
			}
		}
		if len(by) > 0 {
			fmt.Fprintf(w, "  %-30s %s\n", a, strings.Join(by, ", "))
		}
	}
	d.printUnmade(w)
}

// printUnmade names the layers without which no jail started.
func (d *depths) printUnmade(w io.Writer) {
	fmt.Fprintln(w)
	for _, l := range d.layers {
		switch made, unmade := d.made[l], d.unmade[l]; {
		case made+unmade == 0:
			fmt.Fprintf(w, "%s can't be left out by itself: others stand on it.\n", l)
		case unmade > 0:
			fmt.Fprintf(w, "without %s: no jail started for %d of %d attacks.\n", l, unmade, made+unmade)
		}
	}
	fmt.Fprintln(w)
}

// shown says whether every layer that can be left out was left out of a jail.
func (d *depths) shown() bool {
	for _, l := range d.layers {
		if !d.fails && (d.made[l] == 0 && d.can(l, 0) || d.unmade[l] > 0) {
			return false
		}
	}
	return true
}

// apartWith runs f on a scene in namespaces that are thrown away, with a jail
// that leaves out what it is told to.
func apartWith(ctx context.Context, o options, f func(*scene, []*attack) (bool, error)) (bool, error) {
	if os.Getenv(apartVar) == "" {
		var exit *exec.ExitError
		err := apart(ctx)
		if errors.As(err, &exit) {
			return false, nil // it has said why
		}
		return err == nil, err
	}
	if err := world(ctx); err != nil {
		return false, err
	}
	// As most hosts have them: what a jail takes from here is a peer of it.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return false, fmt.Errorf("share mounts: %w", err)
	}
	o.base = "/mnt" // a jail's /var/tmp is its /tmp, which a rule of its own covers
	if err := unix.Mount("none", o.base, "tmpfs", 0, "mode=755"); err != nil {
		return false, fmt.Errorf("mount a tmpfs: %w", err)
	}
	s, list, err := prepare(ctx, o)
	if err != nil {
		return false, err
	}
	defer s.close()
	if err := s.buildWeak(ctx); err != nil {
		return false, err
	}
	return f(s, list)
}

// runDepth is the whole of -depth.
func runDepth(ctx context.Context, o options) (bool, error) {
	return apartWith(ctx, o, func(s *scene, list []*attack) (bool, error) {
		ok := true
		for _, m := range []manner{asTried, asLacked} {
			d, err := s.depths(ctx, list, m)
			if err != nil {
				return false, err
			}
			d.print(os.Stdout)
			ok = ok && d.shown()
		}
		return ok, nil
	})
}
