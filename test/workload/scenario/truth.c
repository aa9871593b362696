/* SPDX-License-Identifier: Apache-2.0 */
/* What is true about an accept, from everywhere but the capture. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "workload.h"

struct place {
	int pid, tid, ppid;
	int64_t process_boottime_us, process_start_us;
	char comm[2 * COMM_BYTES + 1];
	char netns[TEXT_BYTES], mntns[TEXT_BYTES], pidns[TEXT_BYTES];
	char cgroup[4096];
	char exe[TEXT_BYTES];
};

struct seen {
	char peer[INET6_ADDRSTRLEN], local[INET6_ADDRSTRLEN];
	int peer_port, local_port;
	long rtt_us, backlog, backlog_max;
};

static void read_file(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t length = file ? fread(text, 1, size - 1, file) : 0;

	text[length] = 0;
	if (file)
		fclose(file);
}

static void read_link(const char *path, char *text)
{
	ssize_t length = readlink(path, text, TEXT_BYTES - 1);

	text[length < 0 ? 0 : length] = 0;
}

/* procfs answers in its own pid namespace, which stays the outer one in here. */
static void read_ids(struct place *place)
{
	char text[4096];

	read_link("/proc/thread-self", text);
	sscanf(text, "%d/task/%d", &place->pid, &place->tid);
	read_file("/proc/self/status", text, sizeof(text));
	sscanf(strstr(text, "\nPPid:"), "\nPPid: %d", &place->ppid);
}

/* When the machine started, by the wall clock; a thread may be put aside between two readings, so they are taken again. */
static int64_t boot_time_us(void)
{
	int64_t before, wall, after;

	do {
		before = clock_us(CLOCK_BOOTTIME);
		wall = clock_us(CLOCK_REALTIME);
		after = clock_us(CLOCK_BOOTTIME);
	} while (after - before > 1000);
	return wall - before;
}

/* Field 22 of /proc/PID/stat, in ticks since boot; the name before it may hold anything, so count from its end. */
static void read_start(struct place *place)
{
	char text[4096];
	char *field;
	long long ticks;

	read_file("/proc/self/stat", text, sizeof(text));
	field = strrchr(text, ')') + 2;
	for (int i = 3; i < 22; i++)
		field = strchr(field, ' ') + 1;
	ticks = strtoll(field, NULL, 10);
	place->process_boottime_us = ticks * 1000000 / sysconf(_SC_CLK_TCK);
	place->process_start_us = place->process_boottime_us + boot_time_us();
}

static void read_cgroup(struct place *place)
{
	char text[8192];
	char *line;

	read_file("/proc/thread-self/cgroup", text, sizeof(text));
	line = strstr(text, "0::");
	place->cgroup[0] = 0;
	if (line)
		sscanf(line, "0::%4095[^\n]", place->cgroup);
}

static void read_comm(struct place *place)
{
	char name[COMM_BYTES] = "";

	prctl(PR_GET_NAME, name);
	place->comm[0] = 0;
	for (size_t i = 0; i < strlen(name); i++)
		sprintf(place->comm + 2 * i, "%02x", (unsigned char)name[i]);
}

static void read_place(struct place *place)
{
	memset(place, 0, sizeof(*place));
	read_ids(place);
	read_start(place);
	read_cgroup(place);
	read_comm(place);
	read_link("/proc/self/exe", place->exe);
	read_link("/proc/thread-self/ns/net", place->netns);
	read_link("/proc/thread-self/ns/mnt", place->mntns);
	read_link("/proc/thread-self/ns/pid", place->pidns);
}

static int read_address(const union address *address, char *text)
{
	if (address->any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &address->v4.sin_addr, text, INET6_ADDRSTRLEN);
		return ntohs(address->v4.sin_port);
	}
	inet_ntop(AF_INET6, &address->v6.sin6_addr, text, INET6_ADDRSTRLEN);
	return ntohs(address->v6.sin6_port);
}

/* In LISTEN the kernel reports the accept queue as unacked, and its limit as sacked. */
static void read_tcp_info(int fd, int listener, struct seen *seen)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	if (fd >= 0 && !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length))
		seen->rtt_us = info.tcpi_rtt;
	length = sizeof(info);
	if (!getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &length)) {
		seen->backlog = info.tcpi_unacked;
		seen->backlog_max = info.tcpi_sacked;
	}
}

static void read_names(int fd, struct seen *seen)
{
	union address address;
	socklen_t length = sizeof(address);

	if (!getpeername(fd, &address.any, &length))
		seen->peer_port = read_address(&address, seen->peer);
	length = sizeof(address);
	if (!getsockname(fd, &address.any, &length))
		seen->local_port = read_address(&address, seen->local);
}

static int port_of(const union address *address)
{
	char text[INET6_ADDRSTRLEN];

	return read_address(address, text);
}

static const struct connection *find_connection(const struct workload *workload, const struct seen *seen, int index)
{
	for (int i = 0; i < workload->connections; i++)
		if (port_of(&workload->connection[i].client) == seen->peer_port)
			return &workload->connection[i];
	return index < workload->connections ? &workload->connection[index] : NULL;
}

static void print_connection(const struct connection *connection)
{
	char client[INET6_ADDRSTRLEN], server[INET6_ADDRSTRLEN];
	int client_port = read_address(&connection->client, client);
	int server_port = read_address(&connection->server, server);

	printf(",\"client_address\":\"%s\",\"client_port\":%d,\"server_address\":\"%s\",\"server_port\":%d", client,
	       client_port, server, server_port);
	printf(",\"connect_before_us\":%lld,\"connect_after_us\":%lld", (long long)connection->before_us,
	       (long long)connection->after_us);
}

static void print_place(const struct workload *workload, const struct place *place)
{
	printf(",\"pid\":%d,\"tid\":%d,\"ppid\":%d,\"uid\":%u,\"gid\":%u,\"comm\":\"%s\"", place->pid, place->tid,
	       place->ppid, workload->uid, workload->gid, place->comm);
	printf(",\"process_start_us\":%lld,\"netns\":\"%s\",\"mntns\":\"%s\",\"pidns\":\"%s\",\"cgroup\":\"%s\"",
	       (long long)place->process_start_us, place->netns, place->mntns, place->pidns, place->cgroup);
	printf(",\"exe\":\"%s\",\"process_boottime_us\":%lld", place->exe, (long long)place->process_boottime_us);
}

static void print_seen(const struct seen *seen)
{
	printf(",\"peer_address\":\"%s\",\"peer_port\":%d,\"local_address\":\"%s\",\"local_port\":%d", seen->peer,
	       seen->peer_port, seen->local, seen->local_port);
	printf(",\"rtt_us\":%ld,\"backlog\":%ld,\"backlog_max\":%ld", seen->rtt_us, seen->backlog, seen->backlog_max);
}

static void print_outcome(const struct outcome *outcome)
{
	printf("{\"kind\":\"%s\",\"fd\":%d,\"errno\":%d", outcome->sentinel ? "sentinel" : "accept", outcome->fd,
	       outcome->error);
	printf(",\"before_us\":%lld,\"after_us\":%lld,\"wall_before_us\":%lld,\"wall_after_us\":%lld",
	       (long long)outcome->before_us, (long long)outcome->after_us, (long long)outcome->wall_before_us,
	       (long long)outcome->wall_after_us);
}

void print_truth(const struct workload *workload, const struct outcome *outcome)
{
	struct seen seen = { .rtt_us = -1, .backlog = -1, .backlog_max = -1 };
	struct place place;
	const struct connection *connection;

	read_tcp_info(outcome->fd, workload->listener, &seen);
	read_names(outcome->fd, &seen);
	read_place(&place);
	connection = find_connection(workload, &seen, outcome->index);
	flockfile(stdout);
	print_outcome(outcome);
	print_place(workload, &place);
	print_seen(&seen);
	if (connection)
		print_connection(connection);
	printf("}\n");
	fflush(stdout);
	funlockfile(stdout);
}

void print_ready(const struct workload *workload)
{
	struct place place;

	read_place(&place);
	printf("{\"kind\":\"ready\",\"port\":%d", workload->port);
	print_place(workload, &place);
	printf("}\n");
	fflush(stdout);
}

void print_extra(const char *extra, long returned, const char *unsupported)
{
	printf("{\"kind\":\"extra\",\"extra\":\"%s\",\"returned\":%ld,\"unsupported\":\"%s\"}\n", extra, returned,
	       unsupported ? unsupported : "");
	fflush(stdout);
}
