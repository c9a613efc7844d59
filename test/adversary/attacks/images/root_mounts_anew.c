// Mount by the newer calls as root inside.
//
// Proof: own
// Flags: --image {image} --user root
// Users: root

#include "../kernel/mount_api.c"
