package policy

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

var (
	nets       = [...]Net{NetLoopback, NetNone}
	views      = [...]View{ViewHost, ViewNone}
	denials    = [...]Denials{DenialsShown, DenialsHidden}
	profiles   = [...]Profile{ProfileDefault, ProfileWXDeny}
	verifies   = [...]Verify{VerifyFast, VerifyFull}
	suspicious = [...]Suspicious{SuspiciousDeny, SuspiciousKill}
)

// Validate reports every mistake that can be seen without a host, as *Error
// values joined; nil if there is none. Call it before Resolve, which drops the
// values that a later one overrides, the mistaken ones too.
func (p *Policy) Validate() error {
	var v findings
	if len(p.Include) > 0 {
		v.say("include", fault(p.Include[0], ErrValue, "only a file can include; use Load and Merge"))
	}
	v.say("profile", oneOf(p.Profile, profiles[:]))
	v.layers(p.Layers)
	for i := range limits {
		if err := check(limits[i].field(&p.Limits)); err != nil {
			v.say("limits."+limits[i].key, err)
		} else {
			v.say("limits."+limits[i].key, limits[i].possible(&p.Limits))
		}
	}
	v.say("net", oneOf(p.Net, nets[:]))
	v.say("view", oneOf(p.View, views[:]))
	v.say("denials", oneOf(p.Denials, denials[:]))
	v.images(p)
	for i := range p.Files {
		p.Files[i].check(func(field string, err error) { v.say(index("files", i)+"."+field, err) })
		if link := behindLink(p.Files, i); link != "" {
			v.say(index("files", i)+".target", fault(p.Files[i].target(), ErrContradiction, link+" is a link: set a target that is not behind it"))
		}
	}
	v.each("env", p.Env, checkEnv)
	v.each("pass_env", p.PassEnv, checkEnvName)
	if p.Chdir != "" {
		v.say("chdir", checkInside(p.Chdir))
	}
	v.say("hostname", checkHostname(p.Hostname))
	v.say("group", checkGroup(p.Group))
	v.say("layers.cgroup", p.wantsGroups())
	v.say("verify", oneOf(p.Verify, verifies[:]))
	v.say("seccomp.on_suspicious", oneOf(p.Seccomp.OnSuspicious, suspicious[:]))
	v.say("seccomp.kill_after", p.Seccomp.possible())
	v.say("layers.seccomp", p.Seccomp.off(p.Layers))
	v.each("seccomp.allow", p.Seccomp.Allow, checkAllow)
	return errors.Join(v...)
}

// wantsGroups refuses a limit that only a group can hold, without groups.
func (p *Policy) wantsGroups() error {
	only := p.OnlyByGroup()
	if p.Layers[LayerCgroup] != Off || len(only) == 0 {
		return nil
	}
	return fault(string(Off), ErrContradiction, "nothing else can hold "+strings.Join(only, ", "))
}

// findings gathers mistakes, each with its key.
type findings []error

func (v *findings) say(key string, err error) {
	if err == nil {
		return
	}
	e := placed(err)
	e.Key = key
	*v = append(*v, e)
}

func (v *findings) each(key string, list []string, check func(string) error) {
	for i, s := range list {
		if err := check(s); err != nil {
			v.say(index(key, i), err)
		}
	}
}

// layers goes by name, so that two runs report in one order.
func (v *findings) layers(ls Layers) {
	names := make([]Layer, 0, len(ls))
	for l := range ls {
		names = append(names, l)
	}
	slices.Sort(names)
	for _, l := range names {
		v.say("layers."+string(l), checkLevel(l, ls[l]))
	}
}

func index(key string, i int) string { return key + "[" + strconv.Itoa(i) + "]" }
