package policy

import "slices"

// Merge lays over on base: what over says wins, lists are appended, and a File
// replaces an earlier one with its target, its Reason included. A bool of
// Hardware can be asked for, not taken back. Neither argument is changed or
// shared; nil is the zero policy.
func Merge(base, over *Policy) *Policy {
	m := base.clone()
	if over == nil {
		return m
	}
	m.Include = append(m.Include, over.Include...)
	override(&m.Profile, over.Profile)
	for l, v := range over.Layers {
		m.setLayer(l, v)
	}
	m.Limits.merge(&over.Limits)
	override(&m.Net, over.Net)
	override(&m.View, over.View)
	override(&m.Image, over.Image)
	override(&m.Root, over.Root)
	override(&m.State, over.State)
	override(&m.StateSize, over.StateSize)
	override(&m.User, over.User)
	m.Capabilities = append(m.Capabilities, over.Capabilities...)
	override(&m.Denials, over.Denials)
	for _, f := range over.Files {
		m.Files = addFile(m.Files, f)
	}
	m.Env = append(m.Env, over.Env...)
	m.PassEnv = append(m.PassEnv, over.PassEnv...)
	override(&m.Chdir, over.Chdir)
	override(&m.Hostname, over.Hostname)
	override(&m.Group, over.Group)
	override(&m.Verify, over.Verify)
	override(&m.Seccomp.OnSuspicious, over.Seccomp.OnSuspicious)
	override(&m.Seccomp.KillAfter, over.Seccomp.KillAfter)
	for _, call := range over.Seccomp.Allow {
		m.Seccomp.allow(call)
	}
	m.Hardware.CoreScheduling = m.Hardware.CoreScheduling || over.Hardware.CoreScheduling
	m.Hardware.SpeculationControl = m.Hardware.SpeculationControl || over.Hardware.SpeculationControl
	return m
}

// clone copies p so deep that nothing is shared.
func (p *Policy) clone() *Policy {
	if p == nil {
		return &Policy{}
	}
	c := *p
	c.Include = slices.Clone(p.Include)
	c.Files = slices.Clone(p.Files)
	c.Env = slices.Clone(p.Env)
	c.PassEnv = slices.Clone(p.PassEnv)
	c.Capabilities = slices.Clone(p.Capabilities)
	c.Seccomp.Allow = slices.Clone(p.Seccomp.Allow)
	c.Layers = nil
	for l, v := range p.Layers {
		c.setLayer(l, v)
	}
	return &c
}

// setLayer sets one layer's level; "" says nothing.
func (p *Policy) setLayer(l Layer, v Level) {
	if v == "" {
		return
	}
	if p.Layers == nil {
		p.Layers = Layers{}
	}
	p.Layers[l] = v
}
