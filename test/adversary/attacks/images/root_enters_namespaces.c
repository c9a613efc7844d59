// Enter a namespace as root inside.
//
// Proof: own
// Flags: --image {image} --user root
// Users: root

#include "../kernel/setns.c"
