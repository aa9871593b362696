/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The only file that touches the ring and the counters. */
#ifndef ACCEPTSTREAM_EMIT_H
#define ACCEPTSTREAM_EMIT_H

#include "event.h"
#include "kernel.h"
#include "scratch.h"

/* Programs insert, the native reader consumes. The loader sets the size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

/* Programs add, the native reader maps and reads. The loader sets one entry per possible CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct accept_counters);
	__uint(max_entries, 1);
} counters SEC(".maps");

static __always_inline struct accept_counters *own_counters(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&counters, &cpu);
}

/* Fetching atomics need 5.12, so the count is added to and read, not fetched. */
static __always_inline void count(__u64 *counter)
{
	__sync_fetch_and_add(counter, 1);
}

static __always_inline void emit(struct accept_scratch *scratch, struct accept_counters *own)
{
	struct accept_event *event = &scratch->event;
	__u32 names = event->cgroup_length + event->exe_length;

	if (names > 2 * ACCEPT_NAMES_BYTES)
		names = 2 * ACCEPT_NAMES_BYTES;
	event->cpu = bpf_get_smp_processor_id();
	event->lost = own->lost;
	event->sequence = own->submitted + own->lost + 1;
	if (bpf_ringbuf_output(&ring, scratch, sizeof(*event) + names, BPF_RB_NO_WAKEUP))
		count(&own->lost);
	else
		count(&own->submitted);
}

#endif
