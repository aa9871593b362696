#!/bin/busybox sh
# The first process of a guest: mounts what a Linux host has, runs /command and powers off.
# The first serial line is the console and what /command says to stderr; the second one is its stdout.
/bin/busybox mkdir -p /usr/sbin /sbin
/bin/busybox --install -s /bin
export PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/root TMPDIR=/tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /tmp
mount -t tracefs tracefs /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
hostname guest
ip link set lo up
# ttyS or, on arm64, ttyAMA.
line=$(sed -n 's|.*console=\(tty[A-Z]*\)0.*|/dev/\1|p' /proc/cmdline)
stty -F "${line}0" raw -echo
stty -F "${line}1" raw -echo
cd /root
echo 'guest: start'
/bin/sh /command </dev/null >"${line}1"
status=$?
# Ended by a signal: where, the kernel knows.
[ "$status" -lt 128 ] || dmesg | tail -n 40
echo "guest: exit $status"
# Waits until that has left (stty sets with TCSADRAIN); the other line was empty when it was closed.
stty -F "${line}0" -echo
poweroff -f
