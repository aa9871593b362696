import { describe, expect, test } from 'vitest';
import { FLAGS, namesIn, recordOf, recordsOf } from './events.js';

const ID = '3f9c0a7be1d24c55a8b60d9e7f1c2b3a4d5e6f708192a3b4c5d6e7f8091a2b3c';
const INNER = 'aa00bb11cc22dd33ee44ff5566778899aa00bb11cc22dd33ee44ff5566778899';
const POD = 'kubepods-burstable-pod2b1d7a3e_9c4f_4e0a_8f6d_5c3b2a190807.slice';

const idOf = (path: string) => recordOf({ cgroupId: 42n, cgroup: namesIn(path) }).container_id;

test.each([
  ['docker, systemd', `/system.slice/docker-${ID}.scope`],
  ['docker, cgroupfs', `/docker/${ID}`],
  ['docker, rootless', `/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${ID}.scope`],
  ['docker with a parent of its own', `/ci.slice/docker-${ID}.scope`],
  ['systemd inside of it', `/system.slice/docker-${ID}.scope/init.scope`],
  ['a service inside of it', `/docker/${ID}/system.slice/nginx.service`],
  ['containerd of Kubernetes, systemd', `/kubepods.slice/kubepods-burstable.slice/${POD}/cri-containerd-${ID}.scope`],
  ['containerd of Kubernetes, cgroupfs', `/kubepods/besteffort/pod2b1d7a3e-9c4f-4e0a-8f6d-5c3b2a190807/${ID}`],
  ['containerd of kind', `/kubelet.slice/kubelet-kubepods.slice/${POD}/cri-containerd-${ID}.scope`],
  ['containerd, a name for systemd in cgroupfs', `/system.slice/containerd.service/${POD}:cri-containerd:${ID}`],
  ['containerd, by its namespace', `/k8s.io/${ID}`],
  ['nerdctl', `/system.slice/nerdctl-${ID}.scope`],
  ['cri-o, systemd', `/kubepods.slice/${POD}/crio-${ID}.scope`],
  ['cri-o, with a group below', `/kubepods.slice/${POD}/crio-${ID}.scope/container`],
  ['cri-o, cgroupfs', `/kubepods/pod2b1d7a3e-9c4f-4e0a-8f6d-5c3b2a190807/crio-${ID}`],
  ['podman, root', `/machine.slice/libpod-${ID}.scope/container`],
  ['podman, rootless', `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope`],
  ['podman, cgroupfs', `/libpod_parent/libpod-${ID}`],
  ['podman in a unit', `/system.slice/web.service/libpod-payload-${ID}`],
  ['an ECS task', `/ecs/1f0e2d3c4b5a69788796a5b4c3d2e1f0/${ID}`],
  ['the inner one of two', `/docker/${INNER}/docker/${ID}`],
  ['the inner one of two, by name', `/system.slice/docker-${INNER}.scope/kubelet.slice/cri-containerd-${ID}.scope`],
  ["a monitor inside of a container is that container's", `/docker/${ID}/system.slice/libpod-conmon-${INNER}.scope`],
])('%s', (_name, path) => {
  expect(idOf(path)).toBe(ID);
});

test.each([
  ['the root', '/'],
  ['a service', '/system.slice/ssh.service'],
  ["podman's monitor", `/machine.slice/libpod-conmon-${ID}.scope`],
  ["cri-o's monitor", `/kubepods.slice/${POD}/crio-conmon-${ID}.scope`],
  ['a mount of docker', `/system.slice/var-lib-docker-overlay2-${ID}-merged.mount`],
  ['63 digits', `/docker/${ID.slice(1)}`],
  ['65 digits', `/docker/${ID}0`],
  ['65 digits behind a name', `/system.slice/docker-${ID}0.scope`],
  ['two ids in one', `/docker/${ID}${INNER}`],
  ['a digit that is none', `/docker/${ID.slice(1)}g`],
  ['capitals', `/docker/${ID.toUpperCase()}`],
  ['a letter before it', `/docker/x${ID}`],
  ['text behind it', `/system.slice/docker-${ID}.scope.d`],
  ['a service of that name', `/system.slice/docker-${ID}.service`],
  ['a session', '/user.slice/user-1000.slice/session-3.scope'],
  ['LXC', '/lxc.payload.web/system.slice/ssh.service'],
  ['a pod alone', `/kubepods.slice/${POD}`],
])('in no container: %s', (_name, path) => {
  expect(idOf(path)).toBe('');
});

describe('paths', () => {
  test('run from the root to the leaf', () => {
    const cgroup = namesIn('/system.slice/ssh.service');
    const record = recordOf({ cgroupId: 42n, cgroup, exe: namesIn('/usr/sbin/sshd') });
    expect(record).toMatchObject({
      cgroup_path: '/system.slice/ssh.service',
      cgroup: 'ssh.service',
      exe: '/usr/sbin/sshd',
    });
  });

  test('the root of the hierarchy has a path, an unknown cgroup and a thread of the kernel have none', () => {
    expect(recordOf({ cgroupId: 1n })).toMatchObject({ cgroup_path: '/', cgroup: '', exe: '' });
    expect(recordOf({ cgroupId: 0n })).toMatchObject({ cgroup_path: '', cgroup_id: -1 });
  });

  test('a deleted program and cut paths say so', () => {
    const flags = FLAGS.exeDeleted | FLAGS.exeCut | FLAGS.cgroupCut;
    const record = recordOf({ cgroupId: 42n, cgroup: ['c', 'b'], exe: ['srv', 'bin'], flags });
    expect(record).toMatchObject({ cgroup_path: '…/b/c', exe: '…/bin/srv (deleted)' });
  });

  test('each byte that is not UTF-8 becomes U+FFFD, in what is short and in what is as long as it can be', () => {
    const bad = Buffer.from([0x61, 0xff, 0xc3, 0x28]);
    expect(recordOf({ exe: [bad] }).exe).toBe('/a\ufffd\ufffd(');
    const longest = [...Array<Buffer>(3).fill(Buffer.alloc(255, 0xff)), Buffer.alloc(254, 0xff)];
    const { exe, cgroup_path, cgroup } = recordOf({ cgroupId: 42n, cgroup: longest, exe: longest });
    expect(exe).toBe(`/${'\ufffd'.repeat(254)}${`/${'\ufffd'.repeat(255)}`.repeat(3)}`);
    expect([cgroup_path, cgroup]).toEqual([exe, '\ufffd'.repeat(255)]);
  });

  test('what is kept of one event is never given to another', () => {
    const names = Array.from({ length: 700 }, (_, index) => `srv${index % 350}`);
    const events = names.flatMap((name, index) => [
      { cgroupId: 42n, cgroup: namesIn(`/system.slice/${name}`), exe: namesIn(`/usr/bin/${name}`) },
      { cgroupId: 42n, cgroup: [...namesIn(`/usr/bin/${name}`), ...namesIn(`/system.slice/${name}`)] },
      { cgroupId: BigInt(index % 2), flags: index % 3 === 0 ? FLAGS.exeDeleted : 0, exe: [name] },
    ]);
    const paths = recordsOf(events).map(({ cgroup_path, exe }) => [cgroup_path, exe]);
    const wanted = names.flatMap((name, index) => [
      [`/system.slice/${name}`, `/usr/bin/${name}`],
      [`/system.slice/${name}/usr/bin/${name}`, ''],
      [index % 2 ? '/' : '', `/${name}${index % 3 === 0 ? ' (deleted)' : ''}`],
    ]);
    expect(paths).toEqual(wanted);
  });
});
