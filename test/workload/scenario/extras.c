/* SPDX-License-Identifier: Apache-2.0 */
/* What looks like a TCP accept and is none. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "workload.h"

/* Binding to the bare family gives the socket an abstract name of its own. */
static long accept_unix(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t length = sizeof(address);

	if (listener < 0 || client < 0)
		return -errno;
	if (bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)) || listen(listener, 1))
		return -errno;
	getsockname(listener, (struct sockaddr *)&address, &length);
	if (connect(client, (struct sockaddr *)&address, length))
		return -errno;
	return syscall(SYS_accept, listener, NULL, NULL);
}

#ifdef __arm__

/* As getegid is 202 here, accept is for arm64. */
static long namesake(struct workload *workload)
{
	return setegid((gid_t)workload->accepted) ? -errno : syscall(SYS_getegid32);
}

#else

/*
 * keyctl(KEYCTL_READ) returns the length of a key. Here that is the number of
 * an accepted socket, and RDI is its listener: a program that goes by number
 * and result alone takes it for accept4.
 */
static long namesake(struct workload *workload)
{
	static const char payload[MAX_CONNECTIONS];
	long key = syscall(SYS_add_key, "user", "acceptstream-test", payload, (size_t)workload->accepted,
			   KEY_SPEC_PROCESS_KEYRING);

	if (key < 0)
		return -errno;
	return compat_syscall(COMPAT_KEYCTL, (long[4]){ KEYCTL_READ, key, 0, 0 }, workload->listener);
}

#endif

void run_extra(struct workload *workload)
{
	const char *extra = workload->scenario.extra;
	long returned = !strcmp(extra, "namesake") ? namesake(workload) : accept_unix();

	print_extra(extra, returned, returned < 0 ? strerror((int)-returned) : NULL);
}
