// Make a device node as root inside.
//
// Proof: plain
// Flags: --image {image} --user root
// Users: root

#include "../files/mknod.c"
