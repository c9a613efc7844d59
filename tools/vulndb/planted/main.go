// Planted calls a function with a known advisory, GO-2022-1059, so that the
// vulnerability check can prove that it finds one. It is never run or shipped.
package main

import (
	"os"

	"golang.org/x/text/language"
)

func main() {
	if _, _, err := language.ParseAcceptLanguage(os.Getenv("LANG")); err != nil {
		os.Exit(1)
	}
}
