// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/* One shell per hook. The loader loads one rung of the ladder at a time. */
#include "accept.h"
#include "listener.h"
#include "registers.h"

/* The open files of the current task. */
struct descriptors {
	struct file **files;
	int count;
};

static __always_inline struct descriptors own_descriptors(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);

	return (struct descriptors){ BPF_CORE_READ(table, fd), BPF_CORE_READ(table, max_fds) };
}

/* The socket behind a descriptor, NULL when it is none. */
static __always_inline struct sock *socket_of(const struct descriptors *own, int fd)
{
	struct file *file = NULL;
	struct socket *socket;

	if (fd < 0 || fd >= own->count)
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), own->files + fd);
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

/* Which listener the current task accepts from by a system call; NULL for io_uring and 32-bit calls. */
static __always_inline struct sock *listener_of_call(void)
{
	struct pt_regs *regs = syscall_registers();
	struct descriptors own;
	long number;

	if (!regs || syscall_is_compat((struct task_struct *)bpf_get_current_task()))
		return NULL;
	number = syscall_number(regs);
	if (number != SYSCALL_ACCEPT && number != SYSCALL_ACCEPT4)
		return NULL;
	own = own_descriptors();
	return socket_of(&own, syscall_first_argument(regs));
}

/*
 * Both functions run in the context of who accepts, after the connection left
 * the listener's queue: also for a call that began before we attached, for
 * io_uring, and for a call that fails later. SCTP and others pass by too. The
 * graft is part of __inet_accept; of an MPTCP connection it is called for the
 * MPTCP socket, never for a subflow.
 */
static __always_inline int stream_accepted(struct sock *sk, struct sock *listener, enum accept_hook hook)
{
	struct stream stream = stream_of(sk);

	if (!is_tcp(&stream))
		return 0;
	return accepted(&stream, listener, hook);
}

/*
 * While a task is preempted in an fentry program, the kernel skips it for all
 * others on that CPU (ca06f55b9002, 5.12). The graft runs with preemption off,
 * so it sees every accept, and __inet_accept only tells it the listener; where
 * that was skipped, the system call does.
 */
SEC("fentry/__inet_accept")
int BPF_PROG(fentry_inet_accept, struct socket *sock, struct socket *newsock, struct sock *newsk)
{
	remember_listener(newsk, BPF_CORE_READ(sock, sk));
	return 0;
}

SEC("fentry/security_sock_graft")
int BPF_PROG(fentry_inet_accept_graft, struct sock *sk)
{
	struct sock *listener = take_listener(sk);

	/* The proof is one of __inet_accept, too. */
	if (!listener && !probe.port)
		listener = listener_of_call();
	return stream_accepted(sk, listener, ACCEPT_HOOK_FENTRY_INET_ACCEPT);
}

SEC("fentry/security_sock_graft")
int BPF_PROG(fentry_sock_graft, struct sock *sk)
{
	return stream_accepted(sk, NULL, ACCEPT_HOOK_FENTRY_SOCK_GRAFT);
}

SEC("kprobe/__inet_accept")
int kprobe_inet_accept(struct pt_regs *regs)
{
	struct socket *sock = first_argument(regs);

	return stream_accepted(third_argument(regs), BPF_CORE_READ(sock, sk), ACCEPT_HOOK_KPROBE_INET_ACCEPT);
}

SEC("kprobe/security_sock_graft")
int kprobe_sock_graft(struct pt_regs *regs)
{
	return stream_accepted(first_argument(regs), NULL, ACCEPT_HOOK_KPROBE_SOCK_GRAFT);
}

/* The kernel's socket, never the caller's sockaddr: that memory is the caller's to change. */
static __always_inline int accept_returned(long fd, struct pt_regs *regs, enum accept_hook hook)
{
	struct descriptors own;
	struct stream stream;
	struct sock *sk;

	if (fd < 0)
		return 0;
	own = own_descriptors();
	sk = socket_of(&own, fd);
	stream = stream_of(sk);
	if (!sk || !is_tcp(&stream))
		return 0;
	return accepted(&stream, regs ? socket_of(&own, syscall_first_argument(regs)) : NULL, hook);
}

struct sys_exit_args {
	__u64 common;
	__s64 number;
	__s64 result;
};

SEC("tracepoint/syscalls/sys_exit_accept")
int tracepoint_accept(struct sys_exit_args *args)
{
	return accept_returned(args->result, syscall_registers(), ACCEPT_HOOK_TRACEPOINT);
}

SEC("tracepoint/syscalls/sys_exit_accept4")
int tracepoint_accept4(struct sys_exit_args *args)
{
	return accept_returned(args->result, syscall_registers(), ACCEPT_HOOK_TRACEPOINT);
}

SEC("tp_btf/sys_exit")
int tp_btf_sys_exit(__u64 *args)
{
	struct pt_regs *regs = (struct pt_regs *)args[0];
	long number = syscall_number(regs);

	if (number != SYSCALL_ACCEPT && number != SYSCALL_ACCEPT4)
		return 0;
	if (syscall_is_compat((struct task_struct *)bpf_get_current_task()))
		return 0;
	return accept_returned(args[1], regs, ACCEPT_HOOK_TP_BTF);
}

char LICENSE[] SEC("license") = "GPL";
