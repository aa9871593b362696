/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's side of --cgroupmap and --mntnsmap, and a look at what the kernel
 * still holds:
 *   bpfmap create PATH TYPE KEY_BYTES VALUE_BYTES ENTRIES
 *   bpfmap add PATH KEY | bpfmap remove PATH KEY
 *   bpfmap pin-program PATH
 *   bpfmap alive prog|map|link ID        prints true or false
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_VALUE_BYTES 4096

static long bpf(int command, union bpf_attr *attributes)
{
	return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void pin(long fd, const char *path)
{
	union bpf_attr attributes = { .pathname = (uintptr_t)path, .bpf_fd = (uint32_t)fd };

	if (fd < 0 || bpf(BPF_OBJ_PIN, &attributes))
		die(path);
}

static uint32_t map_type(const char *name)
{
	static const struct {
		const char *name;
		uint32_t type;
	} types[] = {
		{ "hash", BPF_MAP_TYPE_HASH },
		{ "lru_hash", BPF_MAP_TYPE_LRU_HASH },
		{ "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH },
		{ "array", BPF_MAP_TYPE_ARRAY },
		{ "ringbuf", BPF_MAP_TYPE_RINGBUF },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(types[i].name, name))
			return types[i].type;
	exit(2);
}

static void create(char **argv)
{
	union bpf_attr attributes = {
		.map_type = map_type(argv[3]),
		.key_size = (uint32_t)atoi(argv[4]),
		.value_size = (uint32_t)atoi(argv[5]),
		.max_entries = (uint32_t)atoi(argv[6]),
		.map_name = "user_map",
	};

	pin(bpf(BPF_MAP_CREATE, &attributes), argv[2]);
}

static void change(const char *path, const char *text, int command)
{
	static const char value[MAX_VALUE_BYTES];
	uint64_t key = strtoull(text, NULL, 10);
	union bpf_attr get = { .pathname = (uintptr_t)path };
	union bpf_attr element = { .key = (uintptr_t)&key, .value = (uintptr_t)value };
	long fd = bpf(BPF_OBJ_GET, &get);

	element.map_fd = (uint32_t)fd;
	if (command == BPF_MAP_DELETE_ELEM)
		element.value = 0;
	if (fd < 0 || bpf(command, &element))
		die(path);
}

/* A socket filter that keeps nothing: something pinned that is no map. */
static void pin_program(const char *path)
{
	static const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)program,
		.insn_cnt = 2,
		.license = (uintptr_t)"Apache-2.0",
	};

	pin(bpf(BPF_PROG_LOAD, &attributes), path);
}

static void print_alive(const char *kind, const char *id)
{
	union bpf_attr attributes = { .prog_id = (uint32_t)atoi(id) };
	int command = !strcmp(kind, "prog") ? BPF_PROG_GET_FD_BY_ID :
		      !strcmp(kind, "map")  ? BPF_MAP_GET_FD_BY_ID :
					      BPF_LINK_GET_FD_BY_ID;
	long fd = bpf(command, &attributes);

	if (fd < 0 && errno != ENOENT)
		die(kind);
	puts(fd >= 0 ? "true" : "false");
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";

	if (!strcmp(verb, "create") && argc == 7)
		create(argv);
	else if (!strcmp(verb, "add") && argc == 4)
		change(argv[2], argv[3], BPF_MAP_UPDATE_ELEM);
	else if (!strcmp(verb, "remove") && argc == 4)
		change(argv[2], argv[3], BPF_MAP_DELETE_ELEM);
	else if (!strcmp(verb, "pin-program") && argc == 3)
		pin_program(argv[2]);
	else if (!strcmp(verb, "alive") && argc == 4)
		print_alive(argv[2], argv[3]);
	else
		return 2;
	return 0;
}
