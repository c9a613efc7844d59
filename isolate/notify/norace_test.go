//go:build !race && !guest

package notify

const raceFactor = 1
