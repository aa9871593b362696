/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workload.h"

static struct workload workload;
static atomic_int accepts;
static atomic_bool connected;

void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct outcome accept_and_tell(const char *call, bool sentinel)
{
	struct outcome outcome = timed_accept(&workload, call);

	while (!connected)
		usleep(100);
	outcome.index = accepts++;
	outcome.sentinel = sentinel;
	print_truth(&workload, &outcome);
	if (outcome.fd >= 0)
		workload.accepted = outcome.fd;
	return outcome;
}

static void *accept_one(void *unused)
{
	(void)unused;
	set_comm(&workload.scenario.thread);
	accept_and_tell(workload.scenario.call, false);
	return NULL;
}

static void *accept_all(void *unused)
{
	(void)unused;
	set_comm(&workload.scenario.thread);
	for (int i = 0; i < workload.scenario.accepts; i++)
		accept_and_tell(workload.scenario.call, false);
	return NULL;
}

/* Returns on a line of stdin; a parent that is gone ends the process. */
static void wait_for_go(void)
{
	int byte;

	do
		byte = getchar();
	while (byte != '\n' && byte != EOF);
	if (byte == EOF)
		exit(0);
}

static void connect_all(void)
{
	for (int i = 0; i < workload.scenario.count; i++)
		open_connection(&workload);
	end_clients(&workload);
	connected = true;
	usleep((useconds_t)workload.scenario.delay_ms * 1000);
}

static void run(void)
{
	connect_all();
	if (workload.scenario.parked)
		join_parked(&workload);
	else if (workload.scenario.thread.given)
		accept_in_thread(&workload, accept_all);
	else
		accept_all(NULL);
	if (workload.scenario.extra[0])
		run_extra(&workload);
}

static void run_sentinel(void)
{
	strcpy(workload.scenario.before, "");
	open_connection(&workload);
	accept_and_tell("accept", true);
}

int main(int argc, char **argv)
{
	parse_options(&workload.scenario, argc, argv);
	enter_world(&workload);
	workload.listener = open_listener(&workload);
	park_threads(&workload, accept_one);
	print_ready(&workload);
	wait_for_go();
	run();
	if (workload.scenario.sentinel)
		run_sentinel();
	return 0;
}
