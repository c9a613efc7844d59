// Load an eBPF map, the first step of every eBPF exploit.
//
// Proof: plain
// Users: root

#include "../attack.h"
#include <linux/bpf.h>

static void attack(void) {
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1};
	try_one("bpf BPF_MAP_CREATE", syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr));
}
