package main

import (
	"os"
	"path/filepath"
)

// set turns switches below /proc/sys for one job; restore turns them back.
func set(switches map[string]string) (restore func(), err error) {
	before := map[string][]byte{}
	restore = func() {
		for path, value := range before {
			_ = os.WriteFile(path, value, 0)
		}
	}
	for name, value := range switches {
		path := filepath.Join("/proc/sys", name)
		old, err := os.ReadFile(path)
		if err != nil {
			return restore, err
		}
		before[path] = old
		if err := os.WriteFile(path, []byte(value), 0); err != nil {
			return restore, err
		}
	}
	return restore, nil
}
