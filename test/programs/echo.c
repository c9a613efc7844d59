// echo: sends a word to itself over a unix socket pair, over an abstract unix
// socket and over TCP on 127.0.0.1; exits 0 when all three came back, else 3.
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char word[] = "hello";

static int passes(const char *name, int from, int to)
{
	char got[sizeof word] = "";
	int ok = from >= 0 && to >= 0 &&
		 write(from, word, sizeof word) == sizeof word &&
		 read(to, got, sizeof got) == sizeof got && !strcmp(got, word);

	printf("%s=%s\n", name, ok ? "ok" : strerror(errno));
	return ok;
}

static int over_pair(void)
{
	int fd[2] = {-1, -1};

	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	return passes("socketpair", fd[0], fd[1]);
}

static int over(const char *name, struct sockaddr *at, socklen_t len)
{
	int server = socket(at->sa_family, SOCK_STREAM, 0);
	int client = socket(at->sa_family, SOCK_STREAM, 0);
	socklen_t n = len;

	if (bind(server, at, len) || listen(server, 1) || getsockname(server, at, &n) ||
	    connect(client, at, n))
		return passes(name, -1, -1);
	return passes(name, client, accept(server, 0, 0));
}

int main(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "\0jail-echo"};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int ok = over_pair();

	ok &= over("abstract", (struct sockaddr *)&un, sizeof(sa_family_t) + 10);
	ok &= over("tcp", (struct sockaddr *)&in, sizeof in);
	return ok ? 0 : 3;
}
