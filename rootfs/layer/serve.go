package layer

import (
	"context"
	"encoding/json"
	"os"
	"runtime/debug"
)

// The unpacker's memory: what it holds when it has read a zstd window and its buffers
// is half of that.
const (
	memoryLimit = 40 << 20
	gcPercent   = 40
)

// Serve is the unpacker: the program that Confined starts calls it with its last
// argument, does nothing before, and exits with what it gives.
func Serve(options string) int {
	debug.SetMemoryLimit(memoryLimit)
	debug.SetGCPercent(gcPercent)
	i, err := serve(options)
	answer := reply{Info: &i}
	if err != nil {
		answer = reply{Error: problemOf(err)}
	}
	if err := json.NewEncoder(os.NewFile(resultFd, "result")).Encode(answer); err != nil {
		return 1
	}
	return 0
}

func serve(options string) (Info, error) {
	o := Options{confined: true, owners: givesAway()}
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		return Info{}, &Error{Op: confining, Object: "the unpacker", Err: err, Hint: "it is started by jail image import, and by nobody else"}
	}
	dir := os.NewFile(folderFd, "the layer's folder")
	walls, err := raise(folderFd, o.AllowUnconfined)
	if err != nil {
		return Info{}, refuse(confining, "the unpacker", err)
	}
	i, err := Unpack(context.Background(), os.NewFile(streamFd, "the archive"), dir, o)
	i.Walls = walls
	return i, err
}
