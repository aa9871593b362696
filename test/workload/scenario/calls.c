/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to ask for a connection. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "workload.h"

static int plain(int listener)
{
	union address address;
	socklen_t length = sizeof(address);

	return (int)syscall(SYS_accept, listener, &address, &length);
}

static int with_flags(int listener)
{
	union address address;
	socklen_t length = sizeof(address);

	return (int)syscall(SYS_accept4, listener, &address, &length, SOCK_CLOEXEC);
}

static int without_address(int listener)
{
	return (int)syscall(SYS_accept, listener, NULL, NULL);
}

static int bad_address(int listener)
{
	socklen_t length = sizeof(union address);

	return (int)syscall(SYS_accept, listener, (void *)1, &length);
}

static int nothing_there(int listener)
{
	int flags = fcntl(listener, F_GETFL);
	int fd, error;

	fcntl(listener, F_SETFL, flags | O_NONBLOCK);
	fd = (int)syscall(SYS_accept, listener, NULL, NULL);
	error = errno;
	fcntl(listener, F_SETFL, flags);
	errno = error;
	return fd;
}

static int no_descriptor(int listener)
{
	struct rlimit old, none;
	int next = dup(listener);
	int fd, error;

	close(next);
	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = (rlim_t)next;
	setrlimit(RLIMIT_NOFILE, &none);
	fd = (int)syscall(SYS_accept, listener, NULL, NULL);
	error = errno;
	setrlimit(RLIMIT_NOFILE, &old);
	errno = error;
	return fd;
}

static int compat_accept4(int listener)
{
	long returned = compat_syscall(COMPAT_ACCEPT4, (long[4]){ listener, 0, 0, 0 }, listener);

	errno = returned < 0 ? (int)-returned : 0;
	return returned < 0 ? -1 : (int)returned;
}

static const struct {
	const char *name;
	int (*accept)(int listener);
	bool connects; /* all but the first connection, because the request is there already */
} calls[] = {
	{ "accept", plain, false },
	{ "accept4", with_flags, false },
	{ "null", without_address, false },
	{ "efault", bad_address, false },
	{ "eagain", nothing_there, false },
	{ "emfile", no_descriptor, false },
	{ "compat_accept4", compat_accept4, false },
	{ "uring", uring_accept, false },
	{ "uring_multishot", uring_next_accept, true },
};

struct outcome timed_accept(struct workload *workload, const char *call)
{
	struct outcome outcome = { .fd = -1, .error = EINVAL };

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (strcmp(calls[i].name, call))
			continue;
		outcome.wall_before_us = clock_us(CLOCK_REALTIME);
		outcome.before_us = clock_us(CLOCK_MONOTONIC);
		if (calls[i].connects && workload->accepted)
			open_connection(workload);
		outcome.fd = calls[i].accept(workload->listener);
		outcome.error = outcome.fd < 0 ? errno : 0;
		outcome.after_us = clock_us(CLOCK_MONOTONIC);
		outcome.wall_after_us = clock_us(CLOCK_REALTIME);
	}
	return outcome;
}
