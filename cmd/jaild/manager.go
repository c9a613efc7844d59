package main

import (
	"context"
	"os"
	"strconv"

	systemd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
)

// reach connects to the manager of the caller's units, by its own socket: that is
// there wherever the manager is, while a bus may not be.
func reach(ctx context.Context, uid int) (*systemd.Conn, error) {
	path := "/run/systemd/private"
	if uid != 0 {
		path = runtimeDir(uid) + "/systemd/private"
	}
	conn, err := systemd.NewConnection(func() (*dbus.Conn, error) { return dial(ctx, path, uid) })
	if err != nil {
		return nil, &Error{Op: "reach systemd at", Object: path, Err: err, Hint: reachHint(uid)}
	}
	return conn, nil
}

// runtimeDir is where pam_systemd(8) puts it; su and sudo leave the variable out.
func runtimeDir(uid int) string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		return dir
	}
	return "/run/user/" + strconv.Itoa(uid)
}

func reachHint(uid int) string {
	if uid == 0 {
		return ""
	}
	u := strconv.Itoa(uid)
	return "your user manager does not run: log in anew, or as root start it: loginctl enable-linger " + u + " (or systemctl start user@" + u + ".service)"
}

// dial skips the greeting, which is a bus's: at the other end is systemd itself.
func dial(ctx context.Context, path string, uid int) (*dbus.Conn, error) {
	conn, err := dbus.Dial("unix:path="+path, dbus.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	if err := conn.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(uid))}); err != nil {
		_ = conn.Close() // the first error is the one that counts
		return nil, err
	}
	return conn, nil
}

// startScope makes the unit with this process in it, and waits until it is there.
// CollectMode has systemd forget it when the last process has ended.
func startScope(ctx context.Context, m *systemd.Conn, unit string) error {
	done := make(chan string, 1)
	_, err := m.StartTransientUnitContext(ctx, unit, "fail", []systemd.Property{
		systemd.PropDescription("What jail runs"),
		systemd.PropPids(uint32(os.Getpid())), // #nosec G115 -- a pid is below 2^22
		{Name: "Delegate", Value: dbus.MakeVariant(true)},
		{Name: "CollectMode", Value: dbus.MakeVariant("inactive-or-failed")},
	}, done)
	if err != nil {
		return &Error{Op: "start", Object: unit, Err: err, Hint: `try the same with systemd's own tool, which may say more: systemd-run --user --scope -p Delegate=yes true (as root without --user)`}
	}
	select {
	case how := <-done:
		if how == "done" {
			return nil
		}
		return &Error{Op: "start", Object: unit, Err: errNotDone, Hint: "the job's end was: " + how}
	case <-ctx.Done():
		return &Error{Op: "start", Object: unit, Err: ctx.Err(), Hint: "systemd did not answer in time"}
	}
}
