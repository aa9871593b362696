/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that accept: one of its own name, or many that wait in accept before any connection exists. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "workload.h"

struct parked {
	pthread_t thread;
	atomic_int tid;
};

static struct parked parked[MAX_CONNECTIONS];

static void start(pthread_t *thread, void *(*run)(void *), void *argument)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 128 * 1024);
	if (pthread_create(thread, &attributes, run, argument))
		die("pthread_create");
	pthread_attr_destroy(&attributes);
}

void accept_in_thread(struct workload *workload, void *(*accept_all)(void *))
{
	pthread_t thread;

	start(&thread, accept_all, workload);
	pthread_join(thread, NULL);
}

struct errand {
	struct workload *workload;
	struct parked *parked;
	void *(*accept_one)(void *);
};

static struct errand errands[MAX_CONNECTIONS];

static void *run_parked(void *argument)
{
	struct errand *errand = argument;

	errand->parked->tid = (int)syscall(SYS_gettid);
	return errand->accept_one(errand->workload);
}

/* /proc/TID/syscall starts with the number of the call a sleeping thread is in. */
static int sleeping_call(int tid)
{
	char path[64];
	int number = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	file = fopen(path, "r");
	if (file && fscanf(file, "%d", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number;
}

static void wait_until_parked(struct parked *one)
{
	int tid;

	do {
		usleep(200);
		tid = one->tid;
	} while (!tid || (sleeping_call(tid) != SYS_accept && sleeping_call(tid) != SYS_accept4));
}

void park_threads(struct workload *workload, void *(*accept_one)(void *))
{
	int count = workload->scenario.parked;

	for (int i = 0; i < count; i++) {
		errands[i] = (struct errand){ workload, &parked[i], accept_one };
		start(&parked[i].thread, run_parked, &errands[i]);
	}
	for (int i = 0; i < count; i++)
		wait_until_parked(&parked[i]);
}

void join_parked(struct workload *workload)
{
	for (int i = 0; i < workload->scenario.parked; i++)
		pthread_join(parked[i].thread, NULL);
}
