/** @returns {{[key: string]: string}} the assignments of an os-release file */
export function parseOsRelease(text) {
  const pairs = text.split('\n').map((line) => /^([A-Z_]+)=(?:"(.*)"|'(.*)'|(.*))$/.exec(line.trim()));
  return Object.fromEntries(pairs.filter((pair) => pair).map((pair) => [pair[1], pair[2] ?? pair[3] ?? pair[4]]));
}

// What each family calls the packages of each tool (tools.mjs).
const FAMILIES = [
  {
    ids: ['debian', 'ubuntu'],
    install: ['apt-get', 'install', '-y', '--no-install-recommends'],
    packages: { clang: ['clang'], cxx: ['g++'], cc: ['gcc', 'libc6-dev'], libbpf: ['libbpf-dev'] },
  },
  {
    ids: ['fedora', 'rhel', 'centos'],
    install: ['dnf', 'install', '-y'],
    packages: { clang: ['clang'], cxx: ['gcc-c++'], cc: ['gcc'], libbpf: ['libbpf-devel'] },
  },
  {
    ids: ['arch'],
    install: ['pacman', '-S', '--needed'],
    packages: { clang: ['clang'], cxx: ['gcc'], cc: ['gcc'], libbpf: ['libbpf'] },
  },
  {
    ids: ['alpine'],
    install: ['apk', 'add'],
    packages: {
      clang: ['clang'],
      cxx: ['g++'],
      cc: ['gcc', 'musl-dev'],
      libbpf: ['libbpf-dev', 'linux-headers'],
    },
  },
  {
    ids: ['opensuse', 'suse'],
    install: ['zypper', 'install', '-y'],
    packages: { clang: ['clang'], cxx: ['gcc-c++'], cc: ['gcc'], libbpf: ['libbpf-devel'] },
  },
];

function familyOf(osRelease) {
  const ids = [osRelease.ID ?? '', ...(osRelease.ID_LIKE ?? '').split(' ')].map((id) => id.replace(/-.*/, ''));
  return ids.map((id) => FAMILIES.find((family) => family.ids.includes(id))).find((family) => family);
}

/**
 * The command that installs the tools on this distribution.
 * @returns {{packages: string[], command: string[], automatic: boolean} | undefined} undefined for one we don't know
 */
export function installCommand(osRelease, tools) {
  const family = familyOf(osRelease);
  if (!family) return undefined;
  const packages = [...new Set(tools.flatMap((tool) => family.packages[tool]))];
  return { packages, command: [...family.install, ...packages], automatic: family.install[0] === 'apt-get' };
}
