// Users tries, as an ordinary user in each place where he may be, to exceed each
// limit of a jail, and writes down who kept him from it: docs/users.md. In a guest
// with systemd, on this host, and in podman's containers. Run it as root in the
// project's folder, after "make build".
//
//	users [-update]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

const page = "docs/users.md"

func main() {
	update := flag.Bool("update", false, "write "+page+" anew")
	verbose := flag.Bool("v", false, "show what each place says")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *update, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "users:", err)
		os.Exit(1)
	}
	fmt.Println("ok")
}

func run(ctx context.Context, update, verbose bool) error {
	dir, err := os.MkdirTemp("/var/tmp", "jail-users-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t := &table{}
	err = errors.Join(inGuest(ctx, dir, t, verbose), onHost(ctx, dir, t), inContainers(ctx, dir, t))
	if verbose {
		fmt.Print(t.text())
	}
	if err = errors.Join(err, t.check()); err != nil {
		return err
	}
	if update {
		return os.WriteFile(page, []byte(t.text()), 0o644)
	}
	return t.compare(page)
}
