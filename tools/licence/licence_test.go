package licence

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const isc = `Copyright (c) 2026 Nobody

Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
`

const unlicense = `This is free and unencumbered software released into the public domain.

Anyone is free to copy, modify, publish, use, compile, sell, or distribute this software, either in source code form or as a compiled binary, for any purpose, commercial or non-commercial, and by any means.

In jurisdictions that recognize copyright laws, the author or authors of this software dedicate any and all copyright interest in the software to the public domain. We make this dedication for the benefit of the public at large and to the detriment of our heirs and successors. We intend this dedication to be an overt act of relinquishment in perpetuity of all present and future rights to this software under copyright law.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

For more information, please refer to <https://unlicense.org/>
`

func TestOnlyAKnownAndCompatibleLicencePasses(t *testing.T) {
	gpl := read(t, "/usr/share/common-licenses/GPL-3")
	for name, c := range map[string]struct {
		files map[string]string
		want  error
		spdx  string
	}{
		"none":         {map[string]string{"README": isc}, ErrNone, ""},
		"known":        {map[string]string{"LICENSE.md": isc}, nil, "ISC"},
		"two":          {map[string]string{"LICENSE": isc, "COPYING": read(t, "../../LICENSE")}, nil, "Apache-2.0 AND ISC"},
		"public":       {map[string]string{"UNLICENSE": unlicense}, nil, "Unlicense"},
		"of its texts": {map[string]string{"LICENSE": isc, "LICENSE.docs": gpl}, nil, "ISC"},
		"copyleft":     {map[string]string{"COPYING": gpl}, ErrIncompatible, ""},
		"hidden":       {map[string]string{"LICENSE": isc, "LICENCE.GPL": gpl}, ErrIncompatible, ""},
		"one of two":   {map[string]string{"LICENSE": isc + gpl}, ErrIncompatible, ""},
		"home-made":    {map[string]string{"LICENSE": "Use it on Sundays."}, ErrUnknown, ""},
		"with a catch": {map[string]string{"LICENSE": isc + strings.Repeat("But who uses it owes its author a cow. ", 20)}, ErrUnknown, ""},
	} {
		dir := t.TempDir()
		for f, text := range c.files {
			if err := os.WriteFile(filepath.Join(dir, f), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := Of(dir, Linked)
		if !errors.Is(err, c.want) || got.SPDX != c.spdx {
			t.Errorf("%s: %q, %v; want %q, %v", name, got.SPDX, err, c.spdx, c.want)
		}
	}
}

func TestWhatIsLinkedIsHeldToMoreThanWhatIsBeside(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "LICENSE"), []byte(read(t, "/usr/share/common-licenses/MPL-2.0")), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Of(dir, Linked); !errors.Is(err, ErrIncompatible) {
		t.Errorf("linked: %v", err)
	}
	if l, err := Of(dir, Beside); err != nil || l.SPDX != "MPL-2.0" {
		t.Errorf("beside: %q, %v", l.SPDX, err)
	}
}

func TestANoticeGoesWithItsLicence(t *testing.T) {
	dir := t.TempDir()
	for f, text := range map[string]string{"LICENSE": isc, "NOTICE": "made by nobody"} {
		if err := os.WriteFile(filepath.Join(dir, f), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Of(dir, Linked)
	if err != nil || !strings.HasSuffix(got.Text, "made by nobody") {
		t.Errorf("%q, %v", got.Text, err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
