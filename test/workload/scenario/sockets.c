/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "workload.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

int64_t clock_us(int clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static socklen_t make_address(union address *address, const char *text, int port)
{
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons((uint16_t)port);
		return sizeof(address->v4);
	}
	if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) != 1)
		die(text);
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = htons((uint16_t)port);
	return sizeof(address->v6);
}

static void set_flag(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		die("setsockopt");
}

static int open_socket(int family, bool mptcp)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, mptcp ? IPPROTO_MPTCP : 0);

	if (fd < 0)
		die("socket");
	set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	return fd;
}

int open_listener(struct workload *workload)
{
	const struct scenario *scenario = &workload->scenario;
	union address address;
	socklen_t length = make_address(&address, scenario->listen, scenario->port);
	int fd = open_socket(address.any.sa_family, scenario->mptcp_listener);

	if (address.any.sa_family == AF_INET6)
		set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (bind(fd, &address.any, length) || listen(fd, scenario->backlog))
		die("listen");
	getsockname(fd, &address.any, &length);
	workload->port = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
	return fd;
}

static void bind_client(int fd, const struct scenario *scenario, const char *target)
{
	union address from;
	socklen_t length;

	if (!scenario->from[0] && !scenario->from_port)
		return;
	length = make_address(&from, scenario->from[0] ? scenario->from : target, scenario->from_port);
	if (bind(fd, &from.any, length))
		die("bind the client");
}

/* connect() on loopback returns when both sides are established. */
struct connection *open_connection(struct workload *workload)
{
	const struct scenario *scenario = &workload->scenario;
	struct connection *connection = &workload->connection[workload->connections++];
	const char *target = scenario->connect[0] ? scenario->connect : scenario->listen;
	socklen_t length = make_address(&connection->server, target, workload->port);
	socklen_t client_length = sizeof(connection->client);

	connection->fd = open_socket(connection->server.any.sa_family, scenario->mptcp_client);
	bind_client(connection->fd, scenario, target);
	connection->before_us = clock_us(CLOCK_MONOTONIC);
	if (connect(connection->fd, &connection->server.any, length))
		die("connect");
	connection->after_us = clock_us(CLOCK_MONOTONIC);
	getsockname(connection->fd, &connection->client.any, &client_length);
	return connection;
}

static void end_client(int fd, const char *how)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	if (!strcmp(how, "early") && send(fd, "early data", 10, 0) != 10)
		die("send");
	if (!strcmp(how, "fin"))
		shutdown(fd, SHUT_WR);
	if (!strcmp(how, "reset")) {
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
}

void end_clients(struct workload *workload)
{
	for (int i = 0; i < workload->connections; i++)
		end_client(workload->connection[i].fd, workload->scenario.before);
}
