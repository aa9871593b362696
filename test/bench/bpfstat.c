/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel counted for our programs: for each line on stdin, one line
 * of JSON with the runs and the run time of every loaded program of a name of
 * ours. With the argument "timed" the kernel measures run times meanwhile.
 */
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel keeps the first 15 bytes of a program's name. */
static const char *const NAMES[] = {
	"fentry_inet_acc", "fentry_sock_gra", "kprobe_inet_acc", "kprobe_sock_gra", "tracepoint_acce", "tp_btf_sys_exit",
};

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int enable_stats(void)
{
	union bpf_attr attr = { .enable_stats.type = BPF_STATS_RUN_TIME };

	return (int)bpf(BPF_ENABLE_STATS, &attr);
}

static int is_ours(const char *name)
{
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++)
		if (strcmp(name, NAMES[i]) == 0)
			return 1;
	return 0;
}

/* Returns 0 for a program that has just gone. */
static int read_info(uint32_t id, struct bpf_prog_info *info)
{
	union bpf_attr open = { .prog_id = id };
	union bpf_attr attr = { 0 };
	int fd = (int)bpf(BPF_PROG_GET_FD_BY_ID, &open);
	long error;

	if (fd < 0)
		return 0;
	memset(info, 0, sizeof(*info));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(*info);
	attr.info.info = (uint64_t)(uintptr_t)info;
	error = bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
	close(fd);
	return !error;
}

static void print_programs(void)
{
	union bpf_attr attr = { 0 };
	struct bpf_prog_info info;
	const char *separator = "";

	printf("{\"programs\":[");
	while (bpf(BPF_PROG_GET_NEXT_ID, &attr) == 0) {
		attr.start_id = attr.next_id;
		if (!read_info(attr.next_id, &info) || !is_ours(info.name))
			continue;
		printf("%s{\"id\":%u,\"name\":\"%s\",\"runs\":%llu,\"run_ns\":%llu}", separator, info.id, info.name,
		       (unsigned long long)info.run_cnt, (unsigned long long)info.run_time_ns);
		separator = ",";
	}
	printf("]}\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int byte;

	/* Measuring ends with the descriptor, that is with this process. */
	if (argc > 1 && strcmp(argv[1], "timed") == 0 && enable_stats() < 0) {
		perror("bpf(BPF_ENABLE_STATS)");
		return 1;
	}
	while ((byte = getchar()) != EOF)
		if (byte == '\n')
			print_programs();
	return 0;
}
