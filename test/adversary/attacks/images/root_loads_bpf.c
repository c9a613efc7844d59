// Load an eBPF map as root inside.
//
// Proof: plain
// Flags: --image {image} --user root
// Users: root

#include "../kernel/bpf.c"
