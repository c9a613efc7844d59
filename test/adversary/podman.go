package main

import (
	"context"
	"path/filepath"
	"strconv"

	"github.com/jailrun/jail/test/podman"
)

// startPodman makes each user an engine of his own, that of the ordinary user
// without root.
func startPodman(s *scene) error {
	s.engines = map[int]*podman.Engine{}
	for _, uid := range s.users() {
		e, err := podman.New(filepath.Join(s.dir, "p"+strconv.Itoa(uid)), uid)
		if err != nil {
			return err
		}
		s.engines[uid] = e
		s.ends = append(s.ends, func() { _ = e.Close(context.Background()) }) // the scene's folder goes with all of it
	}
	return nil
}

// podmanArgv leaves the host's programs to be the image.
func podmanArgv(s *scene, uid int, program string, flags []string) []string {
	run := []string{"--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges",
		"--tmpfs", "/box", "-v", program + ":/box/program:ro", "--workdir", "/box"}
	ro, rw := shows(flags)
	for _, p := range ro {
		run = append(run, "-v", p+":"+p+":ro")
	}
	for _, p := range rw {
		run = append(run, "-v", p+":"+p)
	}
	return s.engines[uid].Argv(run, "./program")
}
