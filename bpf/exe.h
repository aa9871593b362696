/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The path of a task's executable, as the names of bpf/event.h. */
#ifndef ACCEPTSTREAM_EXE_H
#define ACCEPTSTREAM_EXE_H

#include "kernel.h"
#include "scratch.h"

/* As CGROUP_STEPS, names and mounts. */
#define EXE_STEPS 48

static __always_inline struct mount *mount_of(struct vfsmount *vfsmount)
{
	return (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
}

/* Files without a folder, such as those of memfd_create, make their path up. */
static __always_inline bool is_pseudo(struct dentry *dentry, struct dentry *root)
{
	return dentry != root && BPF_CORE_READ(dentry, d_parent) == dentry && BPF_CORE_READ(dentry, d_op, d_dname);
}

/* As d_path() walks: from the root of a mount on at its mountpoint, until a mount is its own parent. */
static __always_inline bool append_path(struct accept_scratch *scratch, __u32 *at, __u32 end)
{
	struct dentry *dentry = scratch->named.dentry;
	struct mount *mount = mount_of(scratch->named.mount);
	struct dentry *root = BPF_CORE_READ(mount, mnt.mnt_root);
	void *above;

	if (is_pseudo(dentry, root))
		return append(scratch, at, end, BPF_CORE_READ(dentry, d_name.name));
	for (int step = 0; step < EXE_STEPS; step++) {
		if (dentry == root) {
			above = BPF_CORE_READ(mount, mnt_parent);
			if (above == mount)
				return true;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			root = BPF_CORE_READ(mount, mnt.mnt_root);
			continue;
		}
		above = BPF_CORE_READ(dentry, d_parent);
		if (above == dentry)
			return true;
		if (!append(scratch, at, end, BPF_CORE_READ(dentry, d_name.name)))
			return false;
		dentry = above;
	}
	return false;
}

/* Behind the names of the cgroup. */
__noinline int write_exe(__u64 start)
{
	struct accept_scratch *scratch = own_scratch();
	__u32 at = start;

	if (!scratch)
		return 0;
	if (!append_path(scratch, &at, start + ACCEPT_NAMES_BYTES))
		scratch->flags |= ACCEPT_EXE_CUT;
	scratch->event.exe_length = at - start;
	if (scratch->named.deleted)
		scratch->flags |= ACCEPT_EXE_DELETED;
	return 0;
}

/* The kernel itself knows no executable of its threads, whose address space may be borrowed. */
static __always_inline struct file *executable_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, flags) & PF_KTHREAD ? NULL : BPF_CORE_READ(task, mm, exe_file);
}

/*
 * What a path depends on, but for the names of folders above: a server accepts
 * again and again, and one look at the leaf costs less than the walk.
 */
static __always_inline struct accept_named named_by(struct task_struct *task)
{
	struct file *file = executable_of(task);
	struct accept_named now = {};
	struct dentry *dentry;
	struct mount *mount;

	if (!file)
		return now;
	now.mount = BPF_CORE_READ(file, f_path.mnt);
	mount = mount_of(now.mount);
	now.mountpoint = BPF_CORE_READ(mount, mnt_mountpoint);
	now.dentry = dentry = BPF_CORE_READ(file, f_path.dentry);
	now.hash = BPF_CORE_READ(dentry, d_name.hash_len);
	/* An unlinked file has left the hash table; a pseudo file never was there, and d_path() calls it deleted too. */
	now.deleted = !BPF_CORE_READ(dentry, d_hash.pprev);
	return now;
}

static __always_inline bool is_same(const struct accept_named *one, const struct accept_named *other)
{
	return one->dentry == other->dentry && one->hash == other->hash && one->mount == other->mount &&
	       one->mountpoint == other->mountpoint && one->deleted == other->deleted;
}

/* Behind the names of the cgroup, which have to be there. */
static __always_inline void fill_exe(struct accept_scratch *scratch, struct task_struct *task)
{
	struct accept_named now = named_by(task);

	if (is_same(&now, &scratch->named))
		return;
	scratch->named = now;
	scratch->event.exe_length = 0;
	scratch->flags &= ACCEPT_CGROUP_CUT;
	if (now.dentry)
		write_exe(scratch->event.cgroup_length);
}

#endif
