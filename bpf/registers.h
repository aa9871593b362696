/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* What differs by architecture: the registers of a function's arguments and of a system call. */
#ifndef ACCEPTSTREAM_REGISTERS_H
#define ACCEPTSTREAM_REGISTERS_H

#include "kernel.h"

#if defined(__TARGET_ARCH_x86)

#define SYSCALL_ACCEPT 43
#define SYSCALL_ACCEPT4 288
#define TS_COMPAT 0x0002

#define syscall_number(regs) ((long)(regs)->orig_ax)

/* 32-bit calls have numbers of their own: 43 is times() there, and its result is no descriptor. */
static __always_inline bool syscall_is_compat(struct task_struct *task)
{
	return BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
}

static __always_inline int syscall_first_argument(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, di);
}

/* Of a function at whose entry a kprobe stands. */
static __always_inline void *first_argument(struct pt_regs *regs)
{
	return (void *)regs->di;
}

static __always_inline void *third_argument(struct pt_regs *regs)
{
	return (void *)regs->dx;
}

#else

#define SYSCALL_ACCEPT 202
#define SYSCALL_ACCEPT4 242

#define syscall_number(regs) ((long)(regs)->syscallno)

#define TIF_32BIT 22

static __always_inline bool syscall_is_compat(struct task_struct *task)
{
	return BPF_CORE_READ(task, thread_info.flags) & (1UL << TIF_32BIT);
}

static __always_inline int syscall_first_argument(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, orig_x0);
}

static __always_inline void *first_argument(struct pt_regs *regs)
{
	return (void *)regs->regs[0];
}

static __always_inline void *third_argument(struct pt_regs *regs)
{
	return (void *)regs->regs[2];
}

#endif

/*
 * The registers of the current task's system call, NULL where the kernel has no
 * helper for them: dd6e10fbd9fb ("bpf: Add bpf_task_pt_regs() helper"), 5.15.
 */
static __always_inline struct pt_regs *syscall_registers(void)
{
	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return NULL;
	return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
}

#endif
