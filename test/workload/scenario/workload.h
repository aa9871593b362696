/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One process that accepts connections in one chosen way and prints the truth
 * about each accept as a JSON line, taken from procfs, getsockopt and its own
 * clocks: what the capture is compared with.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define COMM_BYTES 16
#define MAX_CONNECTIONS 512
#define TEXT_BYTES 512

struct comm {
	bool given;
	char bytes[COMM_BYTES];
};

struct scenario {
	char listen[TEXT_BYTES];
	char connect[TEXT_BYTES]; /* empty: as listen */
	char from[TEXT_BYTES];
	char call[TEXT_BYTES]; /* names in calls.c */
	char before[TEXT_BYTES]; /* what the client does before the accept: early, fin or reset */
	char extra[TEXT_BYTES]; /* names in extras.c: what happens after the accepts */
	char unshare[TEXT_BYTES]; /* of net, mnt, user, cgroup, pid, children (pid for children only): comma-separated */
	char address[TEXT_BYTES]; /* another one of lo, in a network namespace of its own */
	char cgroup[TEXT_BYTES]; /* directory to join */
	struct comm comm;
	struct comm thread; /* given: accept in a thread of this name */
	int port;
	int from_port;
	int backlog;
	int count; /* connections, all made before the first accept */
	int accepts; /* as many as connections when not given */
	int delay_ms; /* between the connections and the accepts */
	int parked; /* threads that are blocked in accept before the ready line */
	int ruid, euid, rgid, egid;
	bool mptcp_listener, mptcp_client;
	bool sentinel; /* one ordinary accept at the end */
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage storage;
};

/* A client's side; the connection was established between the two times. */
struct connection {
	int fd;
	int64_t before_us, after_us;
	union address client, server;
};

struct workload {
	struct scenario scenario;
	int listener;
	int port;
	int accepted;
	int connections;
	struct connection connection[MAX_CONNECTIONS];
	uint32_t uid, gid; /* real, as the initial user namespace counts them */
};

struct outcome {
	int fd; /* or -1 */
	int error;
	int index; /* of the connection, when getpeername can't tell */
	bool sentinel;
	int64_t before_us, after_us, wall_before_us, wall_after_us;
};

/* options.c */
void parse_options(struct scenario *scenario, int argc, char **argv);

/* sockets.c */
int64_t clock_us(int clock);
int open_listener(struct workload *workload);
struct connection *open_connection(struct workload *workload);
void end_clients(struct workload *workload);

/* world.c */
void enter_world(struct workload *workload);
void set_comm(const struct comm *comm);

/* calls.c */
struct outcome timed_accept(struct workload *workload, const char *call);

/* threads.c */
void accept_in_thread(struct workload *workload, void *(*accept_all)(void *));
void park_threads(struct workload *workload, void *(*accept_one)(void *));
void join_parked(struct workload *workload);

/* extras.c */
void run_extra(struct workload *workload);

/* compat.c: the 32-bit system calls of x86-64, or those of a 32-bit program for ARM; -ENOSYS elsewhere */
#define COMPAT_KEYCTL 288 /* the number that accept4 has among the 64-bit calls */
#ifdef __arm__
#define COMPAT_ACCEPT4 366
#else
#define COMPAT_ACCEPT4 364
#endif
long compat_syscall(long number, const long arguments[4], long rdi);

/* uring.c */
int uring_accept(int listener);
int uring_next_accept(int listener);

/* truth.c */
void print_ready(const struct workload *workload);
void print_truth(const struct workload *workload, const struct outcome *outcome);
void print_extra(const char *extra, long returned, const char *unsupported);

void die(const char *what);

#endif
