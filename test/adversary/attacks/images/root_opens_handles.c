// Open a file by its handle as root inside: other layers are on the same file system.
//
// Proof: plain
// Flags: --image {image} --user root
// Users: root

#include "../kernel/handles.c"
