// Make a read-only mount writable as root inside.
//
// Proof: own
// Flags: --image {image} --user root
// Users: root

#include "../kernel/remount.c"
