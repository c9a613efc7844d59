//go:build race

package meter

// many is how many records a long file has. The race detector takes twenty times
// as long.
const many = 20_000
