// Take a mount of the jail's away as root inside.
//
// Proof: own
// Flags: --image {image} --user root
// Users: root

#include "../kernel/umount.c"
