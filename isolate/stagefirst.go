package isolate

import (
	"github.com/jailrun/jail/isolate/watch"
	"golang.org/x/sys/unix"
)

// watchStage reaps the stage at once where the target waits for that, and says so.
// It is the supervisor's own child and not reaped, so that the number is its own.
func (r *run) watchStage() error {
	if !r.plan.StageFirst {
		return nil
	}
	var err error
	if r.stageFd, err = unix.PidfdOpen(r.stage, 0); err != nil {
		return &LaunchError{Op: "watch the stage", Index: -1, Err: err}
	}
	return r.loop.Add(r.stageFd, watch.In, func(uint32) {
		r.loop.Del(r.stageFd)
		unix.Close(r.stageFd)
		r.stageFd = -1
		r.reapStage()
		_, _ = unix.Write(r.tgt, []byte("reaped\x00\x00")) // where the target is gone, its socket tells
	})
}
