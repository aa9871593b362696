/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service manager has at the other end of NOTIFY_SOCKET: prints each
 * datagram as a line, its lines joined by blanks, behind the sender's PID.
 * The address is a path, or an abstract name behind '@'.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_socket(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	int on = 1;

	strncpy(address.sun_path, name, sizeof(address.sun_path) - 1);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	if (bind(fd, (const struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + strlen(name)))
		die("bind");
	if (name[0] != '@' && chmod(name, 0777))
		die("chmod");
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)))
		die("SO_PASSCRED");
	return fd;
}

static void print_one(int fd)
{
	char text[4096], control[CMSG_SPACE(sizeof(struct ucred))];
	struct iovec part = { text, sizeof(text) - 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1,
				  .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t bytes = recvmsg(fd, &message, 0);
	struct ucred sender;

	if (bytes < 0)
		die("recvmsg");
	memcpy(&sender, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(sender));
	text[bytes] = '\0';
	for (char *at = text; (at = strchr(at, '\n')); *at = ' ')
		;
	printf("%d %s\n", sender.pid, text);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 2)
		return 2;
	fd = open_socket(argv[1]);
	printf("ready\n");
	fflush(stdout);
	for (;;)
		print_one(fd);
}
