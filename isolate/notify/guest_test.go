//go:build guest

package notify

// raceFactor is what emulation costs: so much that only the rate is tested.
const raceFactor = 20
