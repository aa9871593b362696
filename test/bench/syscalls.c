/* SPDX-License-Identifier: Apache-2.0 */
/* CPU nanoseconds that the cheapest system call takes, over as many calls as the argument says. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
	const long calls = argc > 1 ? atol(argv[1]) : 1000000;
	const int64_t start = cpu_ns();

	for (long i = 0; i < calls; i++)
		syscall(SYS_getppid);
	printf("{\"ns\":%.3f}\n", (double)(cpu_ns() - start) / (double)calls);
	return 0;
}
