// Package racer changes names while a test looks at them.
package racer

import "golang.org/x/sys/unix"

// Swap exchanges two names as fast as it can until it is stopped: renameat2(2).
func Swap(a, b string) (stop func()) {
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-over:
				return
			default:
				_ = unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
			}
		}
	}()
	return func() { close(over); <-done }
}
