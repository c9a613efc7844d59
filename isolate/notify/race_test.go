//go:build race

package notify

// raceFactor is what the race detector costs.
const raceFactor = 6
