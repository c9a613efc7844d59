package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Rights and scopes, landlock(7).
const (
	bindTCP       = unix.LANDLOCK_ACCESS_NET_BIND_TCP
	resolveUnix   = unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX
	scopeAbstract = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
	scopeSignal   = unix.LANDLOCK_SCOPE_SIGNAL
)

func landlockABI() string {
	abi, err := result(unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION))
	if err != nil {
		return "none"
	}
	return "ABI " + strconv.Itoa(abi)
}

var errNotHeld = errors.New("not held")

// held tells whether a ruleset without a rule refuses what is done without it.
func held(r ruleset, try func() error) error {
	if err := try(); err != nil {
		return fmt.Errorf("also refused without: %w", err)
	}
	return alone(func() error {
		fd, err := r.create()
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return err
		}
		if err := restrict(fd); err != nil {
			return err
		}
		if try() == nil {
			return errNotHeld
		}
		return nil
	})
}

// scopes tries both: an abstract socket and a process from before.
func scopes() error {
	return errors.Join(
		held(ruleset{scoped: scopeAbstract}, func() error { return connectTo("@facts-" + strconv.Itoa(os.Getpid())) }),
		held(ruleset{scoped: scopeSignal}, signalChild))
}

func bind() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
}

func connectOutside() error { return connectTo("/tmp/facts-" + strconv.Itoa(os.Getpid())) }

var listeners = map[string]net.Listener{}

// connectTo connects to a socket that was made at the first call.
func connectTo(name string) error {
	if listeners[name] == nil {
		l, err := net.Listen("unix", name)
		if err != nil {
			return err
		}
		listeners[name] = l // it lives as long as the program
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, &unix.SockaddrUnix{Name: name})
}

var child *os.Process

// signalChild asks whether a process that was there before may be signaled.
func signalChild() error {
	if child == nil {
		p, err := os.StartProcess("/usr/bin/sleep", []string{"sleep", "60"}, &os.ProcAttr{})
		if err != nil {
			return err
		}
		child = p
	}
	return unix.Kill(child.Pid, 0)
}
