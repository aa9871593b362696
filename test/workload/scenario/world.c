/* SPDX-License-Identifier: Apache-2.0 */
/* Where and as whom the accepts happen. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workload.h"

static void join_cgroup(const char *directory)
{
	char path[TEXT_BYTES + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		die(path);
	close(fd);
}

static void raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		die("raise lo");
	close(fd);
}

static void add_address4(const char *text)
{
	struct ifreq request = { .ifr_name = "lo:1" };
	struct sockaddr_in *address = (struct sockaddr_in *)&request.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	address->sin_family = AF_INET;
	if (fd < 0 || inet_pton(AF_INET, text, &address->sin_addr) != 1 || ioctl(fd, SIOCSIFADDR, &request))
		die(text);
	close(fd);
}

/* As struct in6_ifreq of linux/ipv6.h, which C library headers contradict. */
static void add_address6(const char *text)
{
	struct {
		struct in6_addr address;
		uint32_t bits;
		int interface;
	} request = { .bits = 64, .interface = (int)if_nametoindex("lo") };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || inet_pton(AF_INET6, text, &request.address) != 1 || ioctl(fd, SIOCSIFADDR, &request))
		die(text);
	close(fd);
}

/* The first process of a new pid namespace is a child, and its parent only passes on how it ended. */
static void become_init(void)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		die("fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		return;
	}
	waitpid(child, &status, 0);
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void leave_namespaces(const char *names)
{
	int flags = 0;

	flags |= strstr(names, "user") ? CLONE_NEWUSER : 0;
	flags |= strstr(names, "net") ? CLONE_NEWNET : 0;
	flags |= strstr(names, "mnt") ? CLONE_NEWNS : 0;
	flags |= strstr(names, "cgroup") ? CLONE_NEWCGROUP : 0;
	flags |= strstr(names, "pid") || strstr(names, "children") ? CLONE_NEWPID : 0;
	if (flags && unshare(flags))
		die("unshare");
	if (flags & CLONE_NEWNET)
		raise_loopback();
	if (strstr(names, "pid"))
		become_init();
}

static void become_user(const struct scenario *scenario)
{
	if (setresgid((gid_t)scenario->rgid, (gid_t)scenario->egid, (gid_t)-1))
		die("setresgid");
	if (setresuid((uid_t)scenario->ruid, (uid_t)scenario->euid, (uid_t)-1))
		die("setresuid");
}

void set_comm(const struct comm *comm)
{
	if (comm->given && prctl(PR_SET_NAME, comm->bytes))
		die("PR_SET_NAME");
}

void enter_world(struct workload *workload)
{
	const struct scenario *scenario = &workload->scenario;

	if (scenario->cgroup[0])
		join_cgroup(scenario->cgroup);
	become_user(scenario);
	workload->uid = getuid();
	workload->gid = getgid();
	leave_namespaces(scenario->unshare);
	if (scenario->address[0])
		(strchr(scenario->address, ':') ? add_address6 : add_address4)(scenario->address);
	set_comm(&scenario->comm);
}
