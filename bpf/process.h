/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* How a process is called in its own pid namespace. */
#ifndef ACCEPTSTREAM_PROCESS_H
#define ACCEPTSTREAM_PROCESS_H

#include "event.h"
#include "kernel.h"

/* The loader writes, programs read. */
struct accept_probe probe SEC(".data.probe");

/* The active pid namespace is that of the last number of a pid; the proxy's is for children. */
static __always_inline struct upid *last_number(struct pid *pid)
{
	__u32 level = BPF_CORE_READ(pid, level);

	return (void *)pid + bpf_core_field_offset(pid->numbers) + level * bpf_core_type_size(struct upid);
}

static __always_inline __u32 pidns_of(struct upid *number)
{
	struct pid_namespace *ns = NULL;

	bpf_probe_read_kernel(&ns, sizeof(ns), (void *)number + bpf_core_field_offset(struct upid, ns));
	return BPF_CORE_READ(ns, ns.inum);
}

static __always_inline bool is_own_process(struct task_struct *task)
{
	struct upid *number = last_number(BPF_CORE_READ(task, group_leader, thread_pid));
	__u32 pid = 0;

	bpf_probe_read_kernel(&pid, sizeof(pid), (void *)number + bpf_core_field_offset(struct upid, nr));
	return pid == probe.pid && pidns_of(number) == probe.pidns;
}

/* The port first: all other accepts pay one comparison. */
static __always_inline bool is_probe(__u16 port)
{
	return probe.port && port == probe.port && is_own_process((struct task_struct *)bpf_get_current_task());
}

#endif
