/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terminal PROGRAM [ARGUMENT]...: runs a program on a terminal of its own, closes that terminal once the program has
 * printed a line, and prints how it ended: "status N" or "signal N".
 */
#define _GNU_SOURCE
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int saw_line(int terminal)
{
	char text[4096];

	for (;;) {
		ssize_t bytes = read(terminal, text, sizeof(text));

		if (bytes <= 0)
			return 0;
		if (memchr(text, '\n', (size_t)bytes))
			return 1;
	}
}

int main(int argc, char **argv)
{
	int terminal, status;
	pid_t child = forkpty(&terminal, NULL, NULL, NULL);

	if (argc < 2 || child < 0)
		return 2;
	if (!child) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (!saw_line(terminal))
		return 1;
	close(terminal);
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else
		printf("status %d\n", WEXITSTATUS(status));
	return 0;
}
