// Make a user namespace as root inside, with the capabilities that were not given.
//
// Proof: plain
// Flags: --image {image} --user root
// Users: root

#include "../kernel/unshare_user.c"
