package rootfs

import "golang.org/x/sys/unix"

// A layout is one way in which distributions arrange a system. The first row
// all of whose marks hold is the host's.
type layout struct {
	name  string
	marks []mark
	rules [][]rule
	path  string
}

// A mark is a path that betrays a layout.
type mark struct {
	path string
	kind uint32 // S_IFDIR or S_IFLNK; zero: anything
}

// A rule is a host path to show if it is there.
type rule struct {
	path string // one * may stand in the first name below /etc
	kind uint8
	need bool // the layout is useless without it
	why  string
}

const (
	folder  uint8 = iota // an Overlay; a Symlink where the host has a link into an Overlay
	file                 // a Copy; a Symlink likewise
	mounted              // a folder only where it is a mount of its own: an overlay does not show what is mounted below its layer
)

// The store-based distributions come first: they have a /bin too, with one
// link in it.
var layouts = [...]layout{
	{
		name:  "nixos",
		marks: []mark{{"/etc/NIXOS", 0}, {"/nix/store", unix.S_IFDIR}},
		rules: [][]rule{nixRules, etcRules},
		path:  "/run/current-system/sw/bin:/usr/bin:/bin",
	},
	{
		name:  "guix",
		marks: []mark{{"/gnu/store", unix.S_IFDIR}, {"/run/current-system", 0}},
		rules: [][]rule{guixRules, etcRules},
		path:  "/run/current-system/profile/bin:/run/current-system/profile/sbin:/usr/bin:/bin",
	},
	{
		name:  "alpine",
		marks: []mark{{"/etc/alpine-release", 0}, {"/usr", unix.S_IFDIR}},
		rules: [][]rule{usrRules, muslRules, etcRules},
		path:  "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
	},
	{
		name:  "merged-usr",
		marks: []mark{{"/usr", unix.S_IFDIR}, {"/bin", unix.S_IFLNK}},
		rules: [][]rule{usrRules, etcRules},
		path:  "/usr/local/bin:/usr/bin:/usr/local/sbin:/usr/sbin",
	},
	{
		name:  "split-usr",
		marks: []mark{{"/usr", unix.S_IFDIR}, {"/bin", unix.S_IFDIR}},
		rules: [][]rule{usrRules, etcRules},
		path:  "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
	},
}

// What stands below /usr is shown as it is, /usr/local too: it holds what the
// administrator installed for everybody, and a file that only root may read
// stays unreadable, since no jail has root's id. `--hide` takes out the rest.
var usrRules = []rule{
	{"/usr", folder, true, "programs, libraries and their data"},
	{"/usr/local", mounted, false, "programs that the administrator installed, on a mount of their own"},
	{"/bin", folder, false, "programs by their traditional path, #!/bin/sh"},
	{"/sbin", folder, false, "programs by their traditional path"},
	{"/lib", folder, false, "libraries, and the loader that programs name"},
	{"/lib64", folder, false, "the loader that 64-bit programs name"},
	{"/lib32", folder, false, "libraries for 32-bit programs"},
	{"/libx32", folder, false, "libraries for x32 programs"},
}

var nixRules = []rule{
	{"/nix/store", folder, true, "all packages; everybody may read it, by design"},
	{"/run/current-system", folder, true, "the system's programs, by the path that PATH names"},
	{"/etc/static", folder, false, "where links in /etc lead to"},
	{"/bin/sh", file, false, "#!/bin/sh"},
	{"/usr/bin/env", file, false, "#!/usr/bin/env"},
	{"/lib64/ld-linux-x86-64.so.2", file, false, "the loader that foreign programs name"},
	{"/lib/ld-linux-aarch64.so.1", file, false, "the loader that foreign programs name"},
}

var guixRules = []rule{
	{"/gnu/store", folder, true, "all packages; everybody may read it, by design"},
	{"/run/current-system", folder, true, "the system's programs, by the path that PATH names"},
	{"/bin/sh", file, false, "#!/bin/sh"},
	{"/usr/bin/env", file, false, "#!/usr/bin/env"},
}

var muslRules = []rule{
	{"/etc/ld-musl-*", file, false, "where musl's loader looks for libraries"},
}

// Of /etc only names are shown, never the folder: shadow, machine-id and keys
// of services lie there. A missing name costs no call (the listing tells), and
// each overlay costs a mount, so small folders are single files here.
//
// Folders stand before files, and targets before the links to them: a link into
// something shown is a Symlink.
//
// Left out with intent: ld.so.preload (it would load the host's library into
// every program), ld.so.conf (the loader reads its cache only), fonts, maven,
// texmf and the like (no ordinary program fails without; `--ro` shows them),
// npmrc and pip.conf (they may hold tokens, and there is no network).
var etcRules = []rule{
	{"/etc/alternatives", folder, false, "links through which java, cc, awk and others are named"},
	{"/etc/java*-openjdk", folder, false, "java reads its security settings here"},
	{"/etc/java", folder, false, "java reads its security settings here"},
	{"/etc/crypto-policies", folder, false, "openssl.cnf and java.security include it"},
	{"/etc/pki/tls/certs", folder, false, "certificates of authorities"},
	{"/etc/pki/ca-trust/extracted", folder, false, "certificates of authorities, linked from tls/certs"},
	{"/etc/ca-certificates/extracted", folder, false, "certificates of authorities, linked from ssl/certs"},
	// Not /etc/ssl: one overlay either way, but private lies in it, and the
	// groups of an ordinary user, ssl-cert perhaps, can't be dropped in his
	// user namespace (setgroups is denied there, CVE-2018-7169).
	{"/etc/ssl/certs", folder, false, "certificates of authorities"},
	{"/etc/php", folder, false, "php loads its extensions by it"},
	{"/etc/R", folder, false, "R does not start without it"},
	{"/etc/mono", folder, false, "mono maps library names by it"},

	{"/etc/ssl/openssl.cnf", file, false, "openssl, python and node read it at start"},
	{"/etc/ssl/cert.pem", file, false, "certificates of authorities, as one file"},
	{"/etc/pki/tls/openssl.cnf", file, false, "openssl, python and node read it at start"},
	{"/etc/pki/tls/cert.pem", file, false, "certificates of authorities, as one file"},
	{"/etc/ld.so.cache", file, false, "the loader finds libraries by it"},
	{"/etc/localtime", file, false, "the time zone"},
	{"/etc/mime.types", file, false, "types of files by their names"},
	{"/etc/os-release", file, false, "programs ask it for the name of the system"},
	{"/etc/python3.*/sitecustomize.py", file, false, "python's own copy is a link to it"},
	{"/etc/fpc-*.cfg", file, false, "the Pascal compiler finds its units by it"},
	{"/etc/fpc.cfg", file, false, "the Pascal compiler finds its units by it"},
	{"/etc/dotnet/install_location", file, false, "dotnet programs find their runtime by it"},
}

// What every view has, whatever the host. There is no /run (sockets of
// services lie in the host's, and programs that want it create files there,
// which they couldn't), no /home and /root (HOME is /box), no /sys and /opt.
var standard = []Entry{
	{Path: "/box", Kind: Dir, Mode: 0o700, Why: "the program's working folder"},
	{Path: "/tmp", Kind: Dir, Mode: 0o1777, Why: "temporary files"},
	{Path: "/dev", Kind: Dir, Mode: 0o755, Why: "mount point of the minimal /dev"},
	{Path: "/proc", Kind: Dir, Mode: 0o555, Why: "mount point of the jail's own /proc"},
	{Path: "/etc", Kind: Dir, Mode: 0o755, Why: "holds the few files that programs need"},
	{Path: "/var", Kind: Dir, Mode: 0o755, Why: "holds /var/tmp"},
	{Path: "/var/tmp", Kind: Symlink, Target: "../tmp", Why: "programs expect a second temporary folder (FHS 3.0, 5.15); it is the same one, under the same quota"},
	{Path: "/etc/nsswitch.conf", Kind: Text, Mode: 0o444, Data: nsswitch, Why: "names come from files: no service of the host is asked"},
	{Path: "/etc/resolv.conf", Kind: Text, Mode: 0o444, Data: resolvConf, Why: "valid and without a server: the host's would tell its network"},
	{Path: "/etc/services", Kind: Text, Mode: 0o444, Data: services, Why: "getservbyname(3); the well-known few, since a host's may be 700 kB"},
	{Path: "/etc/protocols", Kind: Text, Mode: 0o444, Data: protocols, Why: "getprotobyname(3)"},
}

const nsswitch = `passwd: files
group: files
shadow: files
hosts: files dns
services: files
protocols: files
`

// Without a server glibc asks 127.0.0.1, which refuses at once.
const resolvConf = `# no name server: only /etc/hosts is known
options timeout:1 attempts:1
`

const services = `ftp 21/tcp
ssh 22/tcp
telnet 23/tcp
smtp 25/tcp mail
domain 53/tcp
domain 53/udp
tftp 69/udp
http 80/tcp www
pop3 110/tcp pop-3
ntp 123/udp
imap2 143/tcp imap
ldap 389/tcp
https 443/tcp
https 443/udp
submission 587/tcp
ldaps 636/tcp
imaps 993/tcp
pop3s 995/tcp
mysql 3306/tcp
postgresql 5432/tcp
redis 6379/tcp
http-alt 8080/tcp webcache
`

const protocols = `ip 0 IP
icmp 1 ICMP
tcp 6 TCP
udp 17 UDP
ipv6 41 IPv6
ipv6-icmp 58 IPv6-ICMP
sctp 132 SCTP
mptcp 262 MPTCP
`
