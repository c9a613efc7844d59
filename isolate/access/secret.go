package access

import (
	"path"
	"strings"
)

// secrets are files that no hint and no learnt policy shows: whoever reads them is
// somebody else. A path without a leading slash is below any home.
var secrets = [...]struct{ path, why string }{
	{"/etc/shadow", "the users' passwords are in it"},
	{"/etc/shadow-", "the users' passwords are in it"},
	{"/etc/gshadow", "the groups' passwords are in it"},
	{"/etc/gshadow-", "the groups' passwords are in it"},
	{"/etc/sudoers", "it says who may become root"},
	{"/etc/sudoers.d", "it says who may become root"},
	{"/etc/ssh", "the host's keys are in it"},
	{"/etc/ssl/private", "the host's keys are in it"},
	{"/etc/krb5.keytab", "the host's keys are in it"},
	{"/etc/machine-id", "it tells this host from any other"},
	{"/proc", "the kernel and every process are seen through it"},
	{"/sys", "the kernel and its devices are seen through it"},
	{"/dev", "the jail has devices of its own"},
	{"/run", "the sockets of the host's services are in it"},
	{"/var/run", "the sockets of the host's services are in it"},
	{"/var/lib/docker", "the files of all containers are in it"},
	{"/var/spool/cron", "the users' jobs are in it"},
	{".ssh", "the user's keys are in it"},
	{".gnupg", "the user's keys are in it"},
	{".aws", "the user's access keys are in it"},
	{".azure", "the user's access keys are in it"},
	{".config/gcloud", "the user's access keys are in it"},
	{".config/gh", "the user's access keys are in it"},
	{".kube", "the user's access keys are in it"},
	{".docker", "the user's access keys are in it"},
	{".netrc", "the user's passwords are in it"},
	{".git-credentials", "the user's passwords are in it"},
	{".npmrc", "the user's access keys may be in it"},
	{".pypirc", "the user's passwords are in it"},
	{".pgpass", "the user's passwords are in it"},
	{".bash_history", "what the user has typed is in it"},
	{".mozilla", "the user's sessions are in it"},
	{".config/google-chrome", "the user's sessions are in it"},
}

// Secret says why a file of the host's is not to be shown on a program's wish; ""
// if nothing speaks against it.
func Secret(name string) (why string) {
	name = path.Clean(name)
	for _, s := range secrets {
		if path.IsAbs(s.path) && Under(name, s.path) || !path.IsAbs(s.path) && strings.Contains(name+"/", "/"+s.path+"/") {
			return s.why
		}
	}
	return ""
}

// homes are folders of users', in which their keys lie. A "*" stands for one name.
var homes = [...]string{"/", "/home", "/home/*", "/root"}

// Holds says why a folder is not to be shown whole on a program's wish: what is
// secret may lie in it. "" if nothing speaks against it.
func Holds(dir string) (why string) {
	dir = path.Clean(dir)
	for _, h := range homes {
		if is, _ := path.Match(h, dir); is {
			return "the user's keys may be in it"
		}
	}
	for _, s := range secrets {
		inHome := path.Dir(s.path)
		if path.IsAbs(s.path) && s.path != dir && Under(s.path, dir) || !path.IsAbs(s.path) && inHome != "." && strings.HasSuffix(dir, "/"+inHome) {
			return "below it, " + s.why
		}
	}
	return ""
}
