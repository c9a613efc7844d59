package main

import (
	"errors"
	"path"

	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs/state"
	"github.com/jailrun/jail/rootfs/store"
)

var errNoOwnProgram = errors.New("the image names none to run")

// ownProgram has a command line without a program run the one that its image is made
// for, in the folder that it is made for.
func (r *request) ownProgram(p *policy.Policy) error {
	if len(r.argv) > 0 || p.Image == "" && p.State == "" {
		return nil
	}
	s, err := openStore()
	if err != nil {
		return err
	}
	defer s.Close()
	ref, err := imageOf(s, p)
	if err != nil || ref == "" {
		return err // there is none: what is missing is the program
	}
	i, err := s.Use(ref)
	if err != nil {
		return err
	}
	defer i.Close()
	r.argv = append(append([]string(nil), i.Config.Entrypoint...), i.Config.Cmd...)
	if len(r.argv) == 0 {
		return &failure{op: "exec", object: ref, err: errNoOwnProgram, hint: "name a program: jail exec --image " + ref + " -- PROGRAM"}
	}
	if dir := i.Config.WorkingDir; p.Chdir == "" && path.IsAbs(dir) {
		p.Chdir = dir
	}
	return nil
}

// imageOf names the image of a policy, or of its state.
func imageOf(s *store.Store, p *policy.Policy) (string, error) {
	if p.Image != "" {
		return p.Image, nil
	}
	return state.ImageOf(s.Path(), p.State)
}
