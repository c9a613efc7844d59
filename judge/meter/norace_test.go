//go:build !race

package meter

const many = 1_000_000
