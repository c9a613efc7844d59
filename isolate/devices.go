package isolate

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// The causes of a block device that can't be limited.
var (
	errNoDevice = errors.New("there is no such block device")
	errNoDisk   = errors.New("it is on no block device of its own")
)

// rates gives each block device that a policy names its bounds. One that is for
// all devices goes to each that there is now: a device that comes later has none.
func rates(l *policy.Limits) ([]cgroup.Rate, error) {
	var all []cgroup.Rate
	for _, kind := range [...]struct {
		flag string
		list []policy.Keyed
		of   func(*cgroup.Rate) *int64
	}{
		{"io-read-bps", l.IOReadBPS.Each(), func(r *cgroup.Rate) *int64 { return &r.ReadBPS }},
		{"io-write-bps", l.IOWriteBPS.Each(), func(r *cgroup.Rate) *int64 { return &r.WriteBPS }},
		{"io-read-ops", l.IOReadOps.Each(), func(r *cgroup.Rate) *int64 { return &r.ReadOps }},
		{"io-write-ops", l.IOWriteOps.Each(), func(r *cgroup.Rate) *int64 { return &r.WriteOps }},
	} {
		bounds, err := byDevice(kind.list)
		if err != nil {
			return nil, &LaunchError{Op: "limit --" + kind.flag, Index: -1, Layer: policy.LayerCgroup, Err: err, Hint: "name a device (/dev/sda), its number (8:0), or a folder on it: see lsblk"}
		}
		for _, b := range bounds {
			*kind.of(rateOf(&all, b.Key)) = b.Value
		}
	}
	return all, nil
}

func rateOf(all *[]cgroup.Rate, device string) *cgroup.Rate {
	for i := range *all {
		if (*all)[i].Device == device {
			return &(*all)[i]
		}
	}
	*all = append(*all, cgroup.Rate{Device: device})
	return &(*all)[len(*all)-1]
}

// byDevice resolves names to disks' numbers, those for all first, so that one
// for a device of its own wins.
func byDevice(list []policy.Keyed) (all []policy.Keyed, err error) {
	for _, e := range list {
		if e.Key != "" {
			continue
		}
		disks, err := allDisks()
		if err != nil {
			return nil, err
		}
		for _, d := range disks {
			all = append(all, policy.Keyed{Key: d, Value: e.Value})
		}
	}
	for _, e := range list {
		if e.Key == "" {
			continue
		}
		if e.Key, err = diskOf(e.Key); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

const sysBlock = "/sys/block"

// allDisks are the numbers of all block devices that hold anything.
func allDisks() ([]string, error) {
	entries, err := os.ReadDir(sysBlock)
	if err != nil {
		return nil, err
	}
	var disks []string
	for _, e := range entries {
		if word(sysBlock, e.Name(), "size") == "0" {
			continue
		}
		if n := word(sysBlock, e.Name(), "dev"); n != "" {
			disks = append(disks, n)
		}
	}
	return disks, nil
}

func word(path ...string) string {
	b, _ := os.ReadFile(filepath.Join(path...)) // #nosec G304 -- of sysfs; what can't be read names no device
	return strings.TrimSpace(string(b))
}

// diskOf gives the number of the disk that a name means: "8:0", a device, a part
// of one, or a file or folder on one.
func diskOf(name string) (string, error) {
	if number(name) {
		return wholeDisk(name, name)
	}
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil {
		return "", &os.PathError{Op: "find the device of", Path: name, Err: err}
	}
	dev := st.Dev
	if st.Mode&unix.S_IFMT == unix.S_IFBLK {
		dev = st.Rdev
	}
	return wholeDisk(name, strconv.Itoa(int(unix.Major(dev)))+":"+strconv.Itoa(int(unix.Minor(dev))))
}

func number(s string) bool {
	major, minor, ok := strings.Cut(s, ":")
	_, err := strconv.ParseUint(major, 10, 32)
	_, err2 := strconv.ParseUint(minor, 10, 32)
	return ok && err == nil && err2 == nil
}

// wholeDisk goes from a part to its disk: limits are kept for whole ones.
func wholeDisk(name, dev string) (string, error) {
	at, err := filepath.EvalSymlinks("/sys/dev/block/" + dev)
	switch {
	case err != nil && !number(name) && strings.HasPrefix(dev, "0:"):
		return "", &os.PathError{Op: "find the disk of", Path: name, Err: errNoDisk}
	case err != nil:
		return "", &os.PathError{Op: "find", Path: name, Err: errNoDevice}
	}
	if _, err := os.Stat(at + "/partition"); err == nil {
		at = filepath.Dir(at)
	}
	if n := word(at, "dev"); number(n) {
		return n, nil
	}
	return "", &os.PathError{Op: "find", Path: name, Err: errNoDevice}
}
