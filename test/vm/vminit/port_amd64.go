package main

// portMinor is ttyS1's, a PC's second serial line.
const portMinor = 65
