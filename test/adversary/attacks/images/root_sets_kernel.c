// Open settings of the kernel for writing as root inside.
//
// Proof: plain
// Flags: --image {image} --user root
// Users: root

#include "../files/sysctl.c"
