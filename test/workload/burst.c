/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connect, accept, close: as many times as asked, as fast as it goes or at a
 * fixed rate, on one thread or on several with a CPU and a listener each.
 * SIGTERM ends it early.
 * The client resets what it closes, so no port is left in TIME_WAIT.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS 64
#define NS_PER_SECOND 1000000000LL

struct settings {
	long count; /* of each thread */
	long rate; /* of each thread, per second; 0: no limit */
	long threads;
	long family; /* 4 or 6 */
};

struct worker {
	pthread_t thread;
	const struct settings *settings;
	int cpu; /* -1: any */
	int listener;
	struct sockaddr_storage address;
	socklen_t length;
	long made;
};

static volatile sig_atomic_t is_over;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t clock_ns(int clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static void set_loopback(struct worker *worker)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&worker->address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&worker->address;

	worker->address.ss_family = worker->settings->family == 6 ? AF_INET6 : AF_INET;
	worker->length = worker->settings->family == 6 ? sizeof(*v6) : sizeof(*v4);
	if (worker->settings->family == 6)
		v6->sin6_addr = in6addr_loopback;
	else
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

static void open_listener(struct worker *worker)
{
	struct sockaddr *address = (struct sockaddr *)&worker->address;

	set_loopback(worker);
	worker->listener = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (worker->listener < 0 || bind(worker->listener, address, worker->length) || listen(worker->listener, 16))
		die("listen");
	getsockname(worker->listener, address, &worker->length);
}

static void connect_and_accept(const struct worker *worker)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	int client = socket(worker->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int server;

	if (client < 0 || connect(client, (const struct sockaddr *)&worker->address, worker->length))
		die("connect");
	server = accept4(worker->listener, NULL, NULL, SOCK_CLOEXEC);
	if (server < 0)
		die("accept");
	setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(client);
	close(server);
}

static void pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

static void wait_until(int64_t ns)
{
	struct timespec at = { .tv_sec = ns / NS_PER_SECOND, .tv_nsec = ns % NS_PER_SECOND };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

static void end(int signal)
{
	(void)signal;
	is_over = 1;
}

static void *run(void *argument)
{
	struct worker *worker = argument;
	const struct settings *settings = worker->settings;
	int64_t start;

	pin(worker->cpu);
	prctl(PR_SET_TIMERSLACK, 1UL);
	start = clock_ns(CLOCK_MONOTONIC);
	for (; worker->made < settings->count && !is_over; worker->made++) {
		if (settings->rate)
			wait_until(start + worker->made * NS_PER_SECOND / settings->rate);
		connect_and_accept(worker);
	}
	return NULL;
}

static void run_all(const struct settings *settings, struct worker *workers)
{
	if (settings->threads == 1) {
		run(&workers[0]);
		return;
	}
	for (long i = 0; i < settings->threads; i++)
		if (pthread_create(&workers[i].thread, NULL, run, &workers[i]))
			die("pthread_create");
	for (long i = 0; i < settings->threads; i++)
		pthread_join(workers[i].thread, NULL);
}

static int cpu_of(const struct settings *settings, long thread)
{
	return settings->threads == 1 ? -1 : (int)(thread % sysconf(_SC_NPROCESSORS_ONLN));
}

static void parse(struct settings *settings, int argc, char **argv)
{
	*settings = (struct settings){ .count = 1000, .threads = 1, .family = 4 };
	for (int i = 1; i < argc; i++)
		if (sscanf(argv[i], "count=%ld", &settings->count) != 1 &&
		    sscanf(argv[i], "rate=%ld", &settings->rate) != 1 &&
		    sscanf(argv[i], "threads=%ld", &settings->threads) != 1 &&
		    sscanf(argv[i], "family=%ld", &settings->family) != 1) {
			fprintf(stderr, "burst: bad argument '%s'\n", argv[i]);
			exit(2);
		}
	if (settings->threads < 1 || settings->threads > MAX_THREADS)
		exit(2);
}

static int port_of(const struct worker *worker)
{
	const struct sockaddr_in *address = (const struct sockaddr_in *)&worker->address;

	return ntohs(address->sin_port); /* at the same place in a sockaddr_in6 */
}

static void wait_for_go(int port)
{
	int byte;

	printf("{\"kind\":\"ready\",\"pid\":%d,\"port\":%d}\n", getpid(), port);
	fflush(stdout);
	do
		byte = getchar();
	while (byte != '\n' && byte != EOF);
	if (byte == EOF)
		exit(0);
}

static void report(const struct worker *workers, long threads, int64_t elapsed_ns)
{
	struct rusage usage;
	long long user_us, system_us;
	long count = 0;

	for (long i = 0; i < threads; i++)
		count += workers[i].made;
	getrusage(RUSAGE_SELF, &usage);
	user_us = usage.ru_utime.tv_sec * 1000000LL + usage.ru_utime.tv_usec;
	system_us = usage.ru_stime.tv_sec * 1000000LL + usage.ru_stime.tv_usec;
	printf("{\"kind\":\"burst\",\"count\":%ld,\"elapsed_us\":%lld,\"user_us\":%lld,\"system_us\":%lld}\n",
	       count, (long long)elapsed_ns / 1000, user_us, system_us);
}

int main(int argc, char **argv)
{
	struct sigaction on_term = { .sa_handler = end, .sa_flags = SA_RESTART };
	struct worker workers[MAX_THREADS] = { 0 };
	struct settings settings;
	int64_t start;

	parse(&settings, argc, argv);
	for (long i = 0; i < settings.threads; i++) {
		workers[i].settings = &settings;
		workers[i].cpu = cpu_of(&settings, i);
		open_listener(&workers[i]);
	}
	sigaction(SIGTERM, &on_term, NULL);
	wait_for_go(port_of(&workers[0]));
	start = clock_ns(CLOCK_MONOTONIC);
	run_all(&settings, workers);
	report(workers, settings.threads, clock_ns(CLOCK_MONOTONIC) - start);
	return 0;
}
