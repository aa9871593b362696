/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* How a process is called in its own pid namespace. */
#ifndef ACCEPTSTREAM_PROCESS_H
#define ACCEPTSTREAM_PROCESS_H

#include "event.h"
#include "kernel.h"

/* The loader writes, programs read. */
struct accept_probe probe SEC(".data.probe");

struct own_number {
	__u32 number;
	__u32 pidns;
};

/* The active pid namespace is that of the last number of a pid; the proxy's is for children. */
static __always_inline struct own_number innermost(struct pid *pid)
{
	__u32 level = BPF_CORE_READ(pid, level);
	struct upid *last = (void *)pid + bpf_core_field_offset(pid->numbers) + level * bpf_core_type_size(struct upid);
	struct pid_namespace *ns = NULL;
	struct own_number own = {};

	bpf_probe_read_kernel(&own.number, sizeof(own.number), (void *)last + bpf_core_field_offset(struct upid, nr));
	bpf_probe_read_kernel(&ns, sizeof(ns), (void *)last + bpf_core_field_offset(struct upid, ns));
	own.pidns = BPF_CORE_READ(ns, ns.inum);
	return own;
}

/* The port first: all other accepts pay one comparison. */
static __always_inline bool is_probe(struct task_struct *task, __u16 port)
{
	struct own_number own;

	if (!probe.port || port != probe.port)
		return false;
	own = innermost(BPF_CORE_READ(task, group_leader, thread_pid));
	return own.number == probe.pid && own.pidns == probe.pidns;
}

#endif
