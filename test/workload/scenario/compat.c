/* SPDX-License-Identifier: Apache-2.0 */
/* System calls as a 32-bit program makes them: the same numbers mean other calls there. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "workload.h"

#ifdef __x86_64__

static sigjmp_buf refused;

static void on_fault(int signal)
{
	(void)signal;
	siglongjmp(refused, 1);
}

/* RDI is no argument of the 32-bit call, but a 64-bit call has its first one there. */
static long int80(long number, const long arguments[4], long rdi)
{
	long returned = number;

	__asm__ volatile("int $0x80"
			 : "+a"(returned)
			 : "b"(arguments[0]), "c"(arguments[1]), "d"(arguments[2]), "S"(arguments[3]), "D"(rdi)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)returned;
}

/* A kernel without 32-bit calls answers with SIGSEGV. */
long compat_syscall(long number, const long arguments[4], long rdi)
{
	struct sigaction action = { .sa_handler = on_fault }, old;
	volatile long returned = -ENOSYS;

	sigaction(SIGSEGV, &action, &old);
	if (!sigsetjmp(refused, 1))
		returned = int80(number, arguments, rdi);
	sigaction(SIGSEGV, &old, NULL);
	return returned;
}

#elif defined(__arm__)

/* All calls of this program are such. */
long compat_syscall(long number, const long arguments[4], long rdi)
{
	long returned = syscall(number, arguments[0], arguments[1], arguments[2], arguments[3]);

	(void)rdi;
	return returned < 0 ? -errno : returned;
}

#else

long compat_syscall(long number, const long arguments[4], long rdi)
{
	(void)number, (void)arguments, (void)rdi;
	return -ENOSYS;
}

#endif
