// Look into what else the host keeps: logs, states, configurations, boot files.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	static const char *names[] = {"/var/lib", "/var/log", "/boot", "/opt", "/srv", "/run", "/mnt", "/media", "/etc/ssh", "/etc/systemd"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		DIR *d = opendir(names[i]);
		for (struct dirent *e; d && (e = readdir(d));)
			if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && (strcmp(names[i], "/run") || strcmp(e->d_name, "jail"))) // /run/jail may be a jail's own
				breached("%s holds %s", names[i], e->d_name);
	}
	held("they are absent or empty");
}
