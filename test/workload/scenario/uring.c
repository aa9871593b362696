/* SPDX-License-Identifier: Apache-2.0 */
/* Accepts through io_uring, by raw system calls: single ones (5.5), and one request for many (multishot, 5.19). */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "workload.h"

#ifndef IORING_ACCEPT_MULTISHOT
#define IORING_ACCEPT_MULTISHOT (1U << 0)
#endif

#define ENTRIES 4

/* The kernel's view of both rings; with IORING_FEAT_SINGLE_MMAP (5.4) they are one mapping. */
static struct {
	int fd; /* 0: not set up */
	struct io_uring_params params;
	uint8_t *rings;
	struct io_uring_sqe *requests;
} ring;

static uint32_t *at(uint32_t offset)
{
	return (uint32_t *)(ring.rings + offset);
}

static void *map(size_t size, off_t offset)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd, offset);
}

static int set_up(void)
{
	size_t requests, completions;

	if (ring.fd)
		return 0;
	ring.fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &ring.params);
	if (ring.fd < 0)
		return -1;
	requests = ring.params.sq_off.array + ring.params.sq_entries * sizeof(uint32_t);
	completions = ring.params.cq_off.cqes + ring.params.cq_entries * sizeof(struct io_uring_cqe);
	ring.rings = map(requests > completions ? requests : completions, IORING_OFF_SQ_RING);
	ring.requests = map(ring.params.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	if (ring.rings == MAP_FAILED || ring.requests == MAP_FAILED)
		die("map the io_uring");
	return 0;
}

static void request(int listener, uint16_t how)
{
	uint32_t tail = *at(ring.params.sq_off.tail);
	uint32_t slot = tail & *at(ring.params.sq_off.ring_mask);
	struct io_uring_sqe *accept = &ring.requests[slot];

	memset(accept, 0, sizeof(*accept));
	accept->opcode = IORING_OP_ACCEPT;
	accept->fd = listener;
	accept->ioprio = how;
	at(ring.params.sq_off.array)[slot] = slot;
	__atomic_store_n(at(ring.params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
}

/* Hands `requests` over and waits for one completion: a descriptor, or -1 and errno. */
static int complete(unsigned requests)
{
	uint32_t head = *at(ring.params.cq_off.head);
	const struct io_uring_cqe *completions = (const void *)(ring.rings + ring.params.cq_off.cqes);
	int result;

	while (__atomic_load_n(at(ring.params.cq_off.tail), __ATOMIC_ACQUIRE) == head) {
		if (syscall(SYS_io_uring_enter, ring.fd, requests, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0 && errno != EINTR)
			return -1;
		requests = 0;
	}
	result = completions[head & *at(ring.params.cq_off.ring_mask)].res;
	__atomic_store_n(at(ring.params.cq_off.head), head + 1, __ATOMIC_RELEASE);
	errno = result < 0 ? -result : 0;
	return result < 0 ? -1 : result;
}

int uring_accept(int listener)
{
	if (set_up())
		return -1;
	request(listener, 0);
	return complete(1);
}

/* The first call asks; each later one takes what the same request accepted meanwhile. */
int uring_next_accept(int listener)
{
	static bool asked;
	int fd;

	if (set_up())
		return -1;
	if (!asked)
		request(listener, IORING_ACCEPT_MULTISHOT);
	fd = complete(asked ? 0 : 1);
	asked = fd >= 0;
	return fd;
}
