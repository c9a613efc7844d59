package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/jailrun/jail/test/podman"
	"golang.org/x/sys/unix"
)

// nobody is an ordinary user, who owns nothing.
const nobody = 65534

// scene is what there is on the host to be attacked. All of it is made here and
// removed in the end.
type scene struct {
	dir      string // readable by all: the attacks, and jail
	jail     string
	user     int               // the ordinary one
	peer     *holder           // nil: jail
	hook     []string          // what the hook of tests is told of every jail; nil: no hook
	marker   string            // a word that stands in every secret
	secret   string            // a file that only root may read
	open     string            // a file that all may read, outside of the view
	victims  map[int]*exec.Cmd // a process of each user's
	tcp      net.Listener
	abstract net.Listener
	path     net.Listener
	shm      string // POSIX shared memory, writable by all
	key      int    // of a SysV segment, a queue and semaphores
	sysv     []func()
	ends     []func()               // of what a peer needs beside
	engines  map[int]*podman.Engine // of each user, where the peer is podman
	hostname string
	address  string   // of the host's, beside 127.0.0.1
	link     string   // the interface that has it
	uptime   string   // in whole seconds, when the scene was set
	leak     *os.File // a descriptor of / that is not closed on exec
}

var errNotRoot = errors.New("run it as root: attacks are made as root and as an ordinary user, and the host's objects are made for them")

func newScene(ctx context.Context, o options) (_ *scene, err error) {
	if os.Geteuid() != 0 {
		return nil, errNotRoot
	}
	s := &scene{key: 0x6a000000 | os.Getpid()&0xffffff, peer: o.peer, user: o.uid}
	base := "/var/tmp" // not below /tmp: every jail has a /tmp of its own
	switch {
	case o.base != "":
		base = o.base
	case o.peer != nil:
		base = o.peer.base
	}
	if s.dir, err = os.MkdirTemp(base, "jail-adversary-"); err != nil {
		return nil, err
	}
	made := s // a return of an error names none
	defer func() {
		if err != nil {
			made.close()
		}
	}()
	word := make([]byte, 12)
	if _, err := rand.Read(word); err != nil {
		return nil, err
	}
	s.marker = "marker-" + hex.EncodeToString(word)
	s.jail = filepath.Join(s.dir, "jail")
	for _, step := range []func() error{
		func() error { return os.Chmod(s.dir, 0o755) },
		func() error { return copyFile(o.jail, s.jail, 0o755) },
		s.files, s.listeners, s.memory,
		func() error { return s.processes(ctx) },
		s.preparePeer,
	} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("set the scene: %w", err)
		}
	}
	return s, nil
}

func (s *scene) preparePeer() error {
	if s.peer == nil || s.peer.prepare == nil {
		return nil
	}
	return s.peer.prepare(s)
}

// users are those who make attacks.
func (s *scene) users() []int { return []int{0, s.user} }

func copyFile(from, to string, mode os.FileMode) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf(`%w: build it first ("make build")`, err)
	}
	return os.WriteFile(to, data, mode)
}

func (s *scene) files() (err error) {
	s.secret, s.open = filepath.Join(s.dir, "secret"), filepath.Join(s.dir, "open")
	if err := os.WriteFile(s.secret, []byte(s.marker), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(s.open, []byte(s.marker), 0o666); err != nil {
		return err
	}
	if err := os.Chmod(s.open, 0o666); err != nil {
		return err
	}
	for _, uid := range s.users() {
		if err := os.Mkdir(s.rw(uid), 0o700); err != nil {
			return err
		}
		if err := os.Chown(s.rw(uid), uid, uid); err != nil {
			return err
		}
	}
	if s.link, s.address, err = outward(); err != nil {
		return err
	}
	if s.hostname, err = os.Hostname(); err != nil {
		return err
	}
	var up unix.Sysinfo_t
	if err := unix.Sysinfo(&up); err != nil {
		return err
	}
	s.uptime = strconv.FormatInt(up.Uptime, 10)
	fd, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	s.leak = os.NewFile(uintptr(fd), "/")
	return err
}

var errNoAddress = errors.New("this host has no address beside 127.0.0.1, so nothing can be shown of it: give it one, on a veth pair perhaps")

// outward finds an interface of the host's with an IPv4 address.
func outward() (link, address string, err error) {
	all, err := net.Interfaces()
	if err != nil {
		return "", "", err
	}
	for _, i := range all {
		list, err := i.Addrs()
		if err != nil || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		for _, a := range list {
			if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil {
				return i.Name, ip.IP.String(), nil
			}
		}
	}
	return "", "", errNoAddress
}

// rw is a user's own folder, which a jail is given to write to.
func (s *scene) rw(uid int) string { return filepath.Join(s.dir, "rw-"+strconv.Itoa(uid)) }

// setid is a set-user-id program of root's.
func (s *scene) setid() string { return filepath.Join(s.dir, "set-user-id") }

// plant makes what needs the attacks built: one of them as a set-user-id program.
func (s *scene) plant(list []*attack) error {
	for _, a := range list {
		if a.String() != "files/setuid" && a.String() != "identity/setgid_program" {
			continue // both find it changed what they look at
		}
		if err := copyFile(a.program(s.dir), s.setid(), 0o755); err != nil {
			return err
		}
		return os.Chmod(s.setid(), 0o755|os.ModeSetuid|os.ModeSetgid)
	}
	return nil
}

func (s *scene) listeners() (err error) {
	if s.tcp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	if s.abstract, err = net.Listen("unix", "@jail-adversary-"+strconv.Itoa(os.Getpid())); err != nil {
		return err
	}
	if s.path, err = net.Listen("unix", filepath.Join(s.dir, "socket")); err != nil {
		return err
	}
	for _, l := range []net.Listener{s.tcp, s.abstract, s.path} {
		go accept(l)
	}
	return os.Chmod(filepath.Join(s.dir, "socket"), 0o777)
}

func accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		c.Close()
	}
}

// memory makes what outlives processes in the host's IPC namespace.
func (s *scene) memory() error {
	s.shm = "jail-adversary-" + strconv.Itoa(os.Getpid())
	if err := os.WriteFile("/dev/shm/"+s.shm, []byte(s.marker), 0o666); err != nil {
		return err
	}
	if err := os.Chmod("/dev/shm/"+s.shm, 0o666); err != nil {
		return err
	}
	id, err := unix.SysvShmGet(s.key, 4096, unix.IPC_CREAT|0o666)
	if err != nil {
		return fmt.Errorf("shmget: %w", err)
	}
	s.sysv = append(s.sysv, func() { _, _ = unix.SysvShmCtl(id, unix.IPC_RMID, nil) })
	p, err := unix.SysvShmAttach(id, 0, 0)
	if err != nil {
		return fmt.Errorf("shmat: %w", err)
	}
	copy(p, s.marker)
	if err := unix.SysvShmDetach(p); err != nil {
		return err
	}
	return s.ipc(unix.SYS_MSGGET, unix.SYS_MSGCTL, uintptr(unix.IPC_CREAT|0o666), 0, unix.IPC_RMID)
}

func (s *scene) ipc(get, control, a, b, remove uintptr) error {
	id, _, errno := unix.Syscall(get, uintptr(s.key), a, b)
	if errno != 0 {
		return os.NewSyscallError("msgget", errno)
	}
	s.sysv = append(s.sysv, func() { _, _, _ = unix.Syscall(control, id, remove, 0) })
	return nil
}

// processes starts one of the host's for each user, with a secret in its
// environment.
func (s *scene) processes(ctx context.Context) error {
	s.victims = map[int]*exec.Cmd{}
	for _, uid := range s.users() {
		c := exec.CommandContext(ctx, "/bin/sleep", "3600")
		c.Env = []string{"SECRET=" + s.marker}
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}, Setpgid: true, Pdeathsig: syscall.SIGKILL}
		if err := c.Start(); err != nil {
			return err
		}
		s.victims[uid] = c
	}
	return nil
}

// facts are what an attack is told.
func (s *scene) facts(uid int) []string {
	list := []string{
		"marker=" + s.marker, "secret=" + s.secret, "open=" + s.open, "dir=" + s.dir,
		"pid=" + strconv.Itoa(s.victims[uid].Process.Pid), "shm=" + s.shm, "key=" + strconv.Itoa(s.key),
		"port=" + strconv.Itoa(s.tcp.Addr().(*net.TCPAddr).Port),
		"abstract=" + s.abstract.Addr().String()[1:], "socket=" + s.path.Addr().String(),
		"address=" + s.address, "interface=" + s.link,
		"uid=" + strconv.Itoa(uid), "rw=" + s.rw(uid), "setid=" + s.setid(), "hostname=" + s.hostname, "uptime=" + s.uptime,
	}
	return append(list, s.stocked(uid)...)
}

func (s *scene) close() {
	for _, l := range []net.Listener{s.tcp, s.abstract, s.path} {
		if l != nil {
			l.Close()
		}
	}
	for _, f := range append(s.sysv, s.ends...) {
		f()
	}
	if s.shm != "" {
		_ = os.Remove("/dev/shm/" + s.shm)
	}
	for _, c := range s.victims {
		_ = c.Process.Kill()
		_ = c.Wait()
	}
	if s.leak != nil {
		s.leak.Close()
	}
	_ = os.RemoveAll(s.dir)
}
