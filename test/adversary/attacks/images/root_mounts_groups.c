// Mount a control group's hierarchy as root inside (CVE-2022-0492).
//
// Proof: own
// Flags: --image {image} --user root
// Users: root

#include "../files/release_agent.c"
