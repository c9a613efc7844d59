//go:build !race

package notify

const raceFactor = 1
