//go:build race && !guest

package notify

// raceFactor is what the race detector costs.
const raceFactor = 6
