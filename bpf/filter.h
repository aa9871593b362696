/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The filters by task and port, all ANDed, cheap ones first. */
#ifndef ACCEPTSTREAM_FILTER_H
#define ACCEPTSTREAM_FILTER_H

#include "event.h"
#include "kernel.h"

/* A section of its own, so that the loader sets it as one value. */
const volatile struct accept_filter filter SEC(".rodata.filter") = { .pid = -1 };

/* The user inserts and deletes, we look up; the loader puts the user's own maps here. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, __u64);
	__uint(max_entries, 1);
} cgroup_set SEC(".maps"), mntns_set SEC(".maps");

/* The loader inserts what is listed, we look up. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u8);
	__uint(max_entries, 1);
} uid_set SEC(".maps"), netns_set SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, char[ACCEPT_COMM_BYTES]);
	__type(value, __u8);
	__uint(max_entries, 1);
} comm_set SEC(".maps");

static __always_inline bool cgroup_passes(void)
{
	__u64 id = bpf_get_current_cgroup_id();

	return bpf_map_lookup_elem(&cgroup_set, &id);
}

/* As in bcc, a namespace that can't be read passes. */
static __always_inline bool mntns_passes(struct task_struct *task)
{
	struct mnt_namespace *mntns = BPF_CORE_READ(task, nsproxy, mnt_ns);
	__u64 inum;

	if (!mntns)
		return true;
	inum = BPF_CORE_READ(mntns, ns.inum);
	return bpf_map_lookup_elem(&mntns_set, &inum);
}

static __always_inline bool uid_passes(void)
{
	__u32 uid = bpf_get_current_uid_gid();

	return bpf_map_lookup_elem(&uid_set, &uid);
}

/* The helper fills the name up with zeros. */
static __always_inline bool comm_passes(void)
{
	/* A key is compared whole, and some kernels (6.1) leave what is behind the terminator as it was. */
	char comm[ACCEPT_COMM_BYTES] = {};

	bpf_get_current_comm(comm, sizeof(comm));
	return bpf_map_lookup_elem(&comm_set, comm);
}

static __always_inline bool has_port(const volatile __u64 *bits, __u16 port)
{
	return bits[port >> 6] & (1ULL << (port & 63));
}

/* port is skc_num: 0 for a connection reset before its accept, as tcpaccept compares it. */
static __always_inline bool task_passes(struct task_struct *task, __u16 family, __u16 port)
{
	if (filter.family && family != filter.family)
		return false;
	if (filter.pid >= 0 && bpf_get_current_pid_tgid() >> 32 != filter.pid)
		return false;
	if (filter.ports && !has_port(filter.port_bits, port))
		return false;
	if (filter.uids && !uid_passes())
		return false;
	if (filter.comms && !comm_passes())
		return false;
	if (filter.cgroup_map && !cgroup_passes())
		return false;
	return !filter.mntns_map || mntns_passes(task);
}

#endif
