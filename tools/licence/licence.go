// Package licence names a module's licence by its text, and knows which of them
// may go with a program under Apache-2.0.
package licence

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// Linked are the SPDX ids of the licences that what is linked may be under: each
// lets its work be passed on in a program under Apache-2.0 on no terms but that
// its own text goes with it.
var Linked = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unlicense"}

// Beside are those of what tests and checks are made of, which is not passed on.
// MPL-2.0 asks something for changes to its own files only.
var Beside = append([]string{"MPL-2.0"}, Linked...)

// covered is how much of a text must be a known licence's, in percent: the rest
// is names and titles.
const covered = 80

var (
	// ErrNone is a module without a file whose name is a licence's.
	ErrNone = errors.New("has no licence file")
	// ErrUnknown is a text that is mostly no known licence.
	ErrUnknown = errors.New("has a licence that is not known by its text")
	// ErrIncompatible is a licence that is not one of those allowed.
	ErrIncompatible = errors.New("has a licence that can't go with Apache-2.0")
)

// A Licence is what a module may be used under.
type Licence struct {
	SPDX string // ids, joined by AND
	Text string // all that has to go with the module, its notice too
}

var (
	file   = regexp.MustCompile(`(?i)^((un)?licen[cs]e|copying)([.-].*)?$`)
	docs   = regexp.MustCompile(`(?i)\.docs$`) // of a module's texts, which go nowhere
	notice = regexp.MustCompile(`(?i)^notice([.-].*)?$`)
)

// Of reads the licence files of a module's folder, of which each must be made of
// allowed ones. The error is one of the package's, with the file that it is about.
func Of(dir string, allowed []string) (Licence, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Licence{}, err
	}
	var ids, texts, notices []string
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) == ".go" || docs.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		switch {
		case err != nil:
			return Licence{}, err
		case notice.MatchString(e.Name()):
			notices = append(notices, strings.TrimSpace(string(text)))
		case file.MatchString(e.Name()):
			found, err := names(text, allowed)
			if err != nil {
				return Licence{}, fmt.Errorf("%s: %w", e.Name(), err)
			}
			ids = append(ids, found...)
			texts = append(texts, strings.TrimSpace(string(text)))
		}
	}
	if len(ids) == 0 {
		return Licence{}, ErrNone
	}
	slices.Sort(ids)
	return Licence{strings.Join(slices.Compact(ids), " AND "), strings.Join(append(texts, notices...), "\n\n")}, nil
}

// names are the licences that make up a text.
func names(text []byte, allowed []string) ([]string, error) {
	c := licensecheck.Scan(text)
	var ids []string
	for _, m := range c.Match {
		if m.IsURL {
			continue
		}
		if !slices.Contains(allowed, m.ID) {
			return nil, fmt.Errorf("%w: %s", ErrIncompatible, m.ID)
		}
		ids = append(ids, m.ID)
	}
	if c.Percent < covered || len(ids) == 0 {
		return nil, fmt.Errorf("%w (%.0f %% of it is)", ErrUnknown, c.Percent)
	}
	return ids, nil
}
