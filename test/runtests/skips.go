package main

import (
	"fmt"
	"os"
	"strings"
)

// reasons are the texts one of which a skip's message must contain.
type reasons []string

// readReasons reads one reason a line; a line that begins with # is a comment.
func readReasons(path string) (reasons, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the known reasons to skip: %w", err)
	}
	var all reasons
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all, nil
}

func (rs reasons) explain(message string) bool {
	for _, r := range rs {
		if strings.Contains(message, r) {
			return true
		}
	}
	return false
}
