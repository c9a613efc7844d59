// Mount a file system as root inside.
//
// Proof: own
// Flags: --image {image} --user root
// Users: root

#include "../kernel/mount.c"
