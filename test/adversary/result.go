package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// result is what is looked at of what jail says of a run.
type result struct {
	Reason   string `json:"reason"`
	Enforced map[string]struct {
		State  string `json:"state"`
		Detail string `json:"detail"`
	} `json:"enforced"`
	Error *struct {
		Text string `json:"text"`
	} `json:"error"`
}

// resultFile makes an empty file for a jail of a user's to write its result to.
func (s *scene) resultFile(uid int) (string, error) {
	file := filepath.Join(s.dir, "result-"+strconv.Itoa(uid)+".json")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return "", err
	}
	return file, os.Chown(file, uid, uid)
}

func readResult(file string) (*result, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := &result{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("the result of jail: %w", err)
	}
	return r, nil
}
