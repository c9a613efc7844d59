package isolate

import (
	"errors"
	"strconv"
	"strings"

	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/policy"
)

var (
	errRootNeedsRoot = errors.New("a program that is root inside takes 65536 ids of the host's, and only root may give them")
	errNoRanges      = errors.New("the ids of this container are too few to give a program 65536 of its own")
	errRootNeedsNS   = errors.New("a program that is root inside needs a user namespace of its own")
	errCapsOfNobody  = errors.New("capabilities are for a program that is root inside")
)

// mayBeRoot refuses what a program that is root inside could not be had with.
func (r *run) mayBeRoot() error {
	var err error
	hint := "leave --user out"
	switch p := r.policy; {
	case p.User != policy.UserRoot && len(p.Capabilities) > 0:
		err, hint = errCapsOfNobody, "add --user root, or leave --cap out"
	case p.User != policy.UserRoot:
	case !r.facts.UserNS || p.Layers.Level(policy.LayerUserNS) == policy.Off:
		err = errRootNeedsNS
	case !r.facts.Root:
		err, hint = errRootNeedsRoot, "run jail as root, or leave --user out"
	case r.facts.Ranges == 0:
		err = errNoRanges
	}
	if err == nil {
		return nil
	}
	return &LaunchError{Op: "check the policy", Index: -1, Layer: policy.LayerUserNS, Err: err, Hint: hint}
}

// provesRoot weighs what a program that is root inside has: no capability but those
// that the policy names.
func (r *run) provesRoot(bits int64) (bool, string) {
	effective, permitted, inheritable := r.seen.caps()
	kept := r.in.Keeps()
	held := effective == kept && permitted == kept && inheritable == 0 && bits == plan.RootSecurebits && r.seen.word(plan.SeenBound) == 0
	return held, "in its own user namespace capget gives " + strings.Join(r.policy.Capabilities, ", ") + ", the bounding set no more, securebits 0x" + strconv.FormatInt(bits, 16)
}
