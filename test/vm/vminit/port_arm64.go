package main

// portMinor is ttyS0's, a serial line on a PCI card: the board's own line has
// another driver, and is the kernel's.
const portMinor = 64
