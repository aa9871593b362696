/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* What every hook does once it holds the accepted socket. */
#ifndef ACCEPTSTREAM_ACCEPT_H
#define ACCEPTSTREAM_ACCEPT_H

#include "emit.h"
#include "filter.h"
#include "kernel.h"
#include "names.h"
#include "process.h"

/* An MPTCP socket is no tcp_sock: its first subflow is, and of a listener it holds the queue. */
static __always_inline struct sock *tcp_of(struct sock *sk)
{
	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_MPTCP)
		return sk;
	if (!bpf_core_field_exists(struct mptcp_sock, first))
		return NULL;
	return BPF_CORE_READ((struct mptcp_sock *)sk, first);
}

static __always_inline bool is_tcp(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);

	if (family != AF_INET && family != AF_INET6)
		return false;
	return protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP;
}

static __always_inline void fill_addresses(struct accept_event *event, struct sock *sk)
{
	struct sock_common *common = &sk->__sk_common;

	__builtin_memset(event->remote_address, 0, 16);
	__builtin_memset(event->local_address, 0, 16);
	if (BPF_CORE_READ(common, skc_family) == AF_INET) {
		event->ip_version = 4;
		bpf_core_read(event->remote_address, 4, &common->skc_daddr);
		bpf_core_read(event->local_address, 4, &common->skc_rcv_saddr);
	} else {
		event->ip_version = 6;
		bpf_core_read(event->remote_address, 16, &common->skc_v6_daddr);
		bpf_core_read(event->local_address, 16, &common->skc_v6_rcv_saddr);
	}
}

static __always_inline void fill_socket(struct accept_event *event, struct sock *sk)
{
	struct inet_sock *inet = (struct inet_sock *)sk;

	fill_addresses(event, sk);
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
	return tcp && !BPF_CORE_READ(sk, __sk_common.skc_dport) ? tcp : sk;
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
	struct sock *queue = listener ? tcp_of(listener) : NULL;

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
	event->pidns = innermost(BPF_CORE_READ(task, thread_pid)).pidns;
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

/*
 * Counts the accept of sk by the current task, filters it and puts it on the
 * ring. listener is the socket it was accepted from, NULL when unknown.
 */
static __always_inline int accepted(struct sock *sk, struct sock *listener, enum accept_hook hook)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct accept_counters *own = own_counters();
	struct accept_scratch *scratch = own_scratch();
	struct sock *tcp = tcp_of(sk);
	__u16 port = bound_port(sk, tcp);
	struct accept_event *event;

	if (!own || !scratch)
		return 0;
	if (is_probe(task, port)) {
		/* Of two programs both have to see. */
		if (listener || hook != ACCEPT_HOOK_FENTRY_INET_ACCEPT)
			count(&own->probe);
		return 0;
	}
	count(&own->seen);
	if (!passes(task, BPF_CORE_READ(sk, __sk_common.skc_family), port)) {
		count(&own->filtered);
		return 0;
	}
	event = &scratch->event;
	event->monotonic_ns = bpf_ktime_get_ns();
	event->layout = ACCEPT_EVENT_LAYOUT;
	event->hook = hook;
	event->flags = (tcp == sk ? 0 : ACCEPT_MPTCP) | (port ? 0 : ACCEPT_PEER_RESET);
	fill_socket(event, addressed(sk, tcp));
	fill_timing(event, tcp);
	fill_backlog(event, listener);
	fill_process(event, task);
	fill_names(scratch, task);
	emit(scratch, own);
	return 0;
}

#endif
