/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* What every hook does once it holds the accepted socket. */
#ifndef ACCEPTSTREAM_ACCEPT_H
#define ACCEPTSTREAM_ACCEPT_H

#include "cgroup.h"
#include "emit.h"
#include "exe.h"
#include "filter.h"
#include "kernel.h"
#include "nets.h"
#include "process.h"

/* A socket and what it speaks: each read is a call of the kernel, so nothing is read twice. */
struct stream {
	struct sock *sk;
	__u16 family;
	__u16 protocol;
};

static __always_inline struct stream stream_of(struct sock *sk)
{
	return (struct stream){
		.sk = sk,
		.family = BPF_CORE_READ(sk, __sk_common.skc_family),
		.protocol = BPF_CORE_READ(sk, sk_protocol),
	};
}

static __always_inline bool is_tcp(const struct stream *stream)
{
	if (stream->family != AF_INET && stream->family != AF_INET6)
		return false;
	return stream->protocol == IPPROTO_TCP || stream->protocol == IPPROTO_MPTCP;
}

/* An MPTCP socket is no tcp_sock: its first subflow is, and of a listener it holds the queue. */
static __always_inline struct sock *tcp_of(struct sock *sk, __u16 protocol)
{
	if (protocol != IPPROTO_MPTCP)
		return sk;
	if (!bpf_core_field_exists(struct mptcp_sock, first))
		return NULL;
	return BPF_CORE_READ((struct mptcp_sock *)sk, first);
}

static __always_inline void fill_addresses(struct accept_event *event, struct sock *sk, __u16 family)
{
	struct sock_common *common = &sk->__sk_common;

	__builtin_memset(event->remote_address, 0, 16);
	__builtin_memset(event->local_address, 0, 16);
	if (family == AF_INET) {
		event->ip_version = 4;
		bpf_core_read(event->remote_address, 4, &common->skc_daddr);
		bpf_core_read(event->local_address, 4, &common->skc_rcv_saddr);
	} else {
		event->ip_version = 6;
		bpf_core_read(event->remote_address, 16, &common->skc_v6_daddr);
		bpf_core_read(event->local_address, 16, &common->skc_v6_rcv_saddr);
	}
}

static __always_inline void fill_socket(struct accept_event *event, struct sock *sk, __u16 family)
{
	struct inet_sock *inet = (struct inet_sock *)sk;

	fill_addresses(event, sk, family);
	event->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	event->local_port = bpf_ntohs(BPF_CORE_READ(inet, inet_sport));
	event->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

/*
 * Kernels before 6.1 give an MPTCP socket its addresses only when the entry
 * hooks are over: until then it has no remote port, and its first subflow has.
 */
static __always_inline struct sock *addressed(struct sock *sk, struct sock *tcp)
{
	return tcp && tcp != sk && !BPF_CORE_READ(sk, __sk_common.skc_dport) ? tcp : sk;
}

/* rcvq_space.time is set when the handshake ends and first moved by a read, so it dates the queueing. */
static __always_inline void fill_timing(struct accept_event *event, struct sock *sk)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
	__u64 established;

	event->queued_us = -1;
	event->rtt_us = -1;
	if (!tcp)
		return;
	event->rtt_us = BPF_CORE_READ(tcp, srtt_us) >> 3;
	if (!bpf_core_field_exists(tcp->rcvq_space.time))
		return;
	established = BPF_CORE_READ(tcp, rcvq_space.time);
	if (established)
		event->queued_us = event->monotonic_ns / 1000 - established;
}

static __always_inline void fill_backlog(struct accept_event *event, struct sock *listener)
{
	struct sock *queue = listener ? tcp_of(listener, BPF_CORE_READ(listener, sk_protocol)) : NULL;

	event->backlog = -1;
	event->backlog_max = -1;
	if (!queue || BPF_CORE_READ(queue, __sk_common.skc_state) != TCP_LISTEN)
		return;
	event->backlog = BPF_CORE_READ(queue, sk_ack_backlog);
	event->backlog_max = BPF_CORE_READ(queue, sk_max_ack_backlog);
}

static __always_inline void fill_process(struct accept_event *event, struct task_struct *task)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	__u64 uid_gid = bpf_get_current_uid_gid();

	event->pid = pid_tgid >> 32;
	event->tid = pid_tgid;
	event->uid = uid_gid;
	event->gid = uid_gid >> 32;
	event->ppid = BPF_CORE_READ(task, real_parent, tgid);
	event->process_start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	event->mntns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	event->pidns = pidns_of(last_number(BPF_CORE_READ(task, thread_pid)));
	bpf_get_current_comm(event->comm, sizeof(event->comm));
}

/*
 * A reset clears skc_num, of an MPTCP socket that of its first subflow; the
 * accepted socket itself keeps addresses and ports.
 */
static __always_inline __u16 bound_port(struct sock *sk, struct sock *tcp)
{
	return BPF_CORE_READ(tcp ?: sk, __sk_common.skc_num);
}

/* Whether the accept passes the filters; then socket and cgroup are filled. */
static __always_inline bool passes(struct accept_scratch *scratch, const struct stream *stream, struct sock *tcp,
				   __u16 port)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	if (!task_passes(task, stream->family, port))
		return false;
	fill_socket(&scratch->event, addressed(stream->sk, tcp), stream->family);
	if (!connection_passes(&scratch->event))
		return false;
	fill_cgroup(scratch, task);
	return !filter.cgroups || cgroup_is_listed(scratch);
}

static __always_inline void fill_rest(struct accept_scratch *scratch, struct sock *tcp, struct sock *listener)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct accept_event *event = &scratch->event;

	event->monotonic_ns = bpf_ktime_get_ns();
	event->layout = ACCEPT_EVENT_LAYOUT;
	fill_timing(event, tcp);
	fill_backlog(event, listener);
	fill_process(event, task);
	fill_exe(scratch, task);
}

/*
 * Counts the accept of a stream by the current task, filters it and puts it on
 * the ring. listener is the socket it was accepted from, NULL when unknown.
 */
static __always_inline int accepted(const struct stream *stream, struct sock *listener, enum accept_hook hook)
{
	struct sock *tcp = tcp_of(stream->sk, stream->protocol);
	struct accept_counters *own = own_counters();
	struct accept_scratch *scratch = own_scratch();
	__u16 port = bound_port(stream->sk, tcp);

	if (!own || !scratch)
		return 0;
	if (is_probe(port)) {
		/* Of two programs both have to see. */
		if (listener || hook != ACCEPT_HOOK_FENTRY_INET_ACCEPT)
			count(&own->probe);
		return 0;
	}
	count(&own->seen);
	if (!passes(scratch, stream, tcp, port)) {
		count(&own->filtered);
		return 0;
	}
	fill_rest(scratch, tcp, listener);
	scratch->event.hook = hook;
	scratch->event.flags = scratch->flags | (tcp == stream->sk ? 0 : ACCEPT_MPTCP) | (port ? 0 : ACCEPT_PEER_RESET);
	emit(scratch, own);
	return 0;
}

#endif
