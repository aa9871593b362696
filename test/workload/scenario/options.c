/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workload.h"

enum kind { TEXT, NUMBER, FLAG, COMM };

struct option {
	const char *name;
	enum kind kind;
	size_t offset;
};

#define FIELD(name) offsetof(struct scenario, name)

static const struct option options[] = {
	{ "listen", TEXT, FIELD(listen) },
	{ "connect", TEXT, FIELD(connect) },
	{ "from", TEXT, FIELD(from) },
	{ "call", TEXT, FIELD(call) },
	{ "before", TEXT, FIELD(before) },
	{ "extra", TEXT, FIELD(extra) },
	{ "unshare", TEXT, FIELD(unshare) },
	{ "address", TEXT, FIELD(address) },
	{ "cgroup", TEXT, FIELD(cgroup) },
	{ "comm", COMM, FIELD(comm) },
	{ "thread", COMM, FIELD(thread) },
	{ "port", NUMBER, FIELD(port) },
	{ "from_port", NUMBER, FIELD(from_port) },
	{ "backlog", NUMBER, FIELD(backlog) },
	{ "count", NUMBER, FIELD(count) },
	{ "accepts", NUMBER, FIELD(accepts) },
	{ "delay_ms", NUMBER, FIELD(delay_ms) },
	{ "parked", NUMBER, FIELD(parked) },
	{ "ruid", NUMBER, FIELD(ruid) },
	{ "euid", NUMBER, FIELD(euid) },
	{ "rgid", NUMBER, FIELD(rgid) },
	{ "egid", NUMBER, FIELD(egid) },
	{ "mptcp_listener", FLAG, FIELD(mptcp_listener) },
	{ "mptcp_client", FLAG, FIELD(mptcp_client) },
	{ "sentinel", FLAG, FIELD(sentinel) },
};

static void usage(const char *argument)
{
	fprintf(stderr, "workload: bad argument '%s' (want NAME=VALUE)\n", argument);
	exit(2);
}

/* A name is any bytes, so it comes as hexadecimal digits. */
static void parse_comm(struct comm *comm, const char *hex)
{
	size_t length = strlen(hex) / 2;
	unsigned byte;

	if (length >= COMM_BYTES)
		usage(hex);
	for (size_t i = 0; i < length; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			usage(hex);
		comm->bytes[i] = (char)byte;
	}
	comm->given = true;
}

static void assign(struct scenario *scenario, const struct option *option, const char *value)
{
	char *field = (char *)scenario + option->offset;

	if (option->kind == TEXT)
		snprintf(field, TEXT_BYTES, "%s", value);
	else if (option->kind == NUMBER)
		*(int *)field = atoi(value);
	else if (option->kind == FLAG)
		*(bool *)field = atoi(value) != 0;
	else
		parse_comm((struct comm *)field, value);
}

static const struct option *find_option(const char *argument, size_t length)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (strlen(options[i].name) == length && !strncmp(options[i].name, argument, length))
			return &options[i];
	return NULL;
}

void parse_options(struct scenario *scenario, int argc, char **argv)
{
	*scenario = (struct scenario){
		.listen = "127.0.0.1", .call = "accept", .backlog = 128, .count = 1, .accepts = -1,
		.ruid = -1, .euid = -1, .rgid = -1, .egid = -1,
	};
	for (int i = 1; i < argc; i++) {
		const char *equals = strchr(argv[i], '=');
		const struct option *option = equals ? find_option(argv[i], (size_t)(equals - argv[i])) : NULL;

		if (!option)
			usage(argv[i]);
		assign(scenario, option, equals + 1);
	}
	if (scenario->accepts < 0)
		scenario->accepts = scenario->count;
	if (scenario->count > MAX_CONNECTIONS - 2 || scenario->parked > MAX_CONNECTIONS - 2)
		usage("count or parked: too many");
}
