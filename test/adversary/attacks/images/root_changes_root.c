// Change the root by pivot_root or chroot as root inside.
//
// Proof: own
// Flags: --image {image} --user root
// Users: root

#include "../kernel/pivot_root.c"
