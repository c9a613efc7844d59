package oracle

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/containerd/cgroups/v3/cgroup1"
	blkio "github.com/containerd/cgroups/v3/cgroup1/stats"
	"github.com/containerd/cgroups/v3/cgroup2"
	"github.com/jailrun/jail/isolate/cgroup"
)

// figures are what is known of a group, in nanoseconds, bytes and tasks. One that
// is absent can't be told.
type figures map[string]int64

func (f figures) set(name string, v *int64) {
	if v != nil {
		f[name] = *v
	}
}

// ours are jail's own of a group.
func ours(t *testing.T, g *cgroup.Group) figures {
	t.Helper()
	u, err := g.Usage()
	if err != nil {
		t.Fatal(err)
	}
	f := figures{}
	for name, d := range map[string]*time.Duration{"cpu": u.CPU, "user": u.User, "system": u.System} {
		if d != nil {
			f[name] = int64(*d)
		}
	}
	f.set("peak", u.Memory.Peak)
	f.set("anon", u.Memory.Anon)
	f.set("shmem", u.Memory.Shmem)
	f.set("pids", u.PidsPeak) // in a group that nobody has left: as many as there are
	if u.Memory.File != nil && u.Memory.Shmem != nil {
		f["cache"] = *u.Memory.File + *u.Memory.Shmem
	}
	if u.IO != nil {
		f["read"], f["written"] = u.IO.ReadBytes, u.IO.WriteBytes
		f["reads"], f["writes"] = u.IO.ReadOps, u.IO.WriteOps
	}
	return f
}

// theirs are the library's of the same group: of each controller where it is, for
// a kernel may have one on v1 and another on v2.
func theirs(t *testing.T, name string) figures {
	t.Helper()
	f := figures{}
	for _, read := range [...]func(figures, string) error{onV2, onV1} {
		if err := read(f, name); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// unified is where cgroup v2 is mounted: beside v1, or alone.
func unified() string {
	if _, err := os.Stat(root + "/unified"); err == nil {
		return root + "/unified"
	}
	return root
}

func onV2(f figures, name string) error {
	at, err := find(unified(), name)
	if err != nil {
		return err
	}
	m, err := cgroup2.Load(filepath.Join(at, "t"), cgroup2.WithMountpoint(unified()))
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(unified(), at, "t")); err != nil {
		return nil // it limits and counts nothing
	}
	s, err := m.Stat()
	if err != nil {
		return err
	}
	f["cpu"], f["user"], f["system"] = int64(s.CPU.UsageUsec)*1000, int64(s.CPU.UserUsec)*1000, int64(s.CPU.SystemUsec)*1000
	if s.Pids.Current > 0 {
		f["pids"] = int64(s.Pids.Current)
	}
	f["anon"], f["shmem"], f["cache"] = int64(s.Memory.Anon), int64(s.Memory.Shmem), int64(s.Memory.File)
	f["now"] = int64(s.Memory.Usage)
	if s.Memory.MaxUsage > 0 { // the kernel keeps it since 5.19
		f["peak"] = int64(s.Memory.MaxUsage)
	}
	for _, e := range s.Io.GetUsage() {
		f["read"] += int64(e.Rbytes)
		f["written"] += int64(e.Wbytes)
		f["reads"] += int64(e.Rios)
		f["writes"] += int64(e.Wios)
	}
	return nil
}

// onV1 asks of four hierarchies, in each of which the group may lie elsewhere, or
// not at all. The library knows of no shared memory apart from the page cache
// there.
func onV1(f figures, name string) error {
	at := func(controller cgroup1.Name) (string, error) {
		path, err := find(filepath.Join(root, string(controller)), name)
		if err != nil {
			return "", cgroup1.ErrControllerNotActive
		}
		return path, nil
	}
	c, err := cgroup1.Load(at, cgroup1.WithHierarchy(func() ([]cgroup1.Subsystem, error) {
		return []cgroup1.Subsystem{cgroup1.NewCpuacct(root), cgroup1.NewMemory(root, cgroup1.OptionalSwap()), cgroup1.NewPids(root), cgroup1.NewBlkio(root)}, nil
	}))
	if errors.Is(err, cgroup1.ErrCgroupDeleted) {
		return nil // there is no v1
	}
	if err != nil {
		return err
	}
	s, err := c.Stat()
	if err != nil {
		return err
	}
	if u := s.CPU.GetUsage(); u.GetTotal() > 0 {
		f["cpu"], f["user"], f["system"] = int64(u.Total), int64(u.User), int64(u.Kernel)
	}
	if m := s.Memory; m != nil {
		f["anon"], f["cache"], f["peak"], f["now"] = int64(m.TotalRSS), int64(m.TotalCache), int64(m.Usage.Max), int64(m.Usage.Usage)
	}
	if s.Pids != nil {
		f["pids"] = int64(s.Pids.Current)
	}
	if s.Blkio != nil {
		f["read"], f["written"] = sums(s.Blkio.IoServiceBytesRecursive)
		f["reads"], f["writes"] = sums(s.Blkio.IoServicedRecursive)
	}
	return nil
}

func sums(entries []*blkio.BlkIOEntry) (read, written int64) {
	for _, e := range entries {
		switch e.Op {
		case "Read":
			read += int64(e.Value)
		case "Write":
			written += int64(e.Value)
		}
	}
	return read, written
}
