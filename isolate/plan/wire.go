package plan

import "github.com/jailrun/jail/isolate/host"

// The messages of a launch, over two SEQPACKET sockets. Each begins with a
// word that names it.
const (
	MsgFail = 0x6C696166 // "fail": {op address, -errno}, from whoever failed
	MsgBorn = 0x6E726F62 // "born": {init's pid} with its pidfd, from the stage
	MsgNet  = 0x0074656E // "net": the network namespace, from the stage to init
	MsgDied = 0x64656964 // "died": {wait status of the target, -ECHILD if all others are dead too, when on CLOCK_MONOTONIC}, from init
	MsgSeen = 0x6E656573 // "seen": the read-back, with the quota's directory and the listener, from the target
	MsgMiss = 0x7373696D // "miss": results of every execve and access, from the target
)

// Unread stands in the read-back where the kernel has not been asked: none of its
// answers, and no proof of anything, as zero would be.
const Unread = -1 << 63

// MaxGroups bounds the cgroup hierarchies of one run.
const MaxGroups = 8

// Offsets in the message MsgSeen. All words are 64 bits unless said.
const (
	SeenNoNewPrivs = 8
	SeenSecurebits = 16
	SeenLandlock1  = 24 // the probe open before restrict_self: a descriptor
	SeenLandlock2  = 32 // and after it: -EACCES
	SeenGroups     = 40
	SeenKeyring    = 48
	SeenBoottime   = 56  // struct timespec
	SeenCaps       = 72  // two struct __user_cap_data_struct, 24 bytes
	SeenUIDs       = 96  // three 32-bit ids
	SeenGIDs       = 112 // likewise
	SeenNS         = 128 // a link's text, NSText bytes each
	NSText         = 32
	SeenRlimits    = SeenNS + host.NumNS*NSText // struct rlimit64 each
	SeenRootFS     = SeenRlimits + host.NumRlimits*16
	SeenBound      = SeenRootFS + 120 // 0 if no capability is in the bounding set
	SeenMDWE       = SeenBound + 8
	SeenJoined     = SeenMDWE + 8             // result of each write that joins a group
	SeenSeccomp    = SeenJoined + 8*MaxGroups // PR_GET_SECCOMP, in the filter's own presence
	SeenShared     = SeenSeccomp + 8          // not 0 where a folder of the host's could not be an overlay
	SeenUserKeys   = SeenShared + 8           // serial of the session keyring that a user has by default
	SeenSize       = SeenUserKeys + 8

	SeenMounts = SeenSize // of a root that is an overlay: its /proc/self/mountinfo
)
