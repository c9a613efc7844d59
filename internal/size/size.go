// Package size parses and prints amounts of bytes.
package size

// Bytes is an amount of bytes.
type Bytes int64
