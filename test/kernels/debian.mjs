// Debian's packages of any suite, through an apt of our own: the host's mirror and keys, but nothing is installed.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../../pipelines/kafka-local/folder.mjs';

const runs = promisify(execFile);

const ETC = '/etc/apt';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const CODENAMES = /^(bullseye|bookworm|trixie|forky|sid|stable|testing|unstable)(-.*)?$/;
const PUBLIC = { main: 'http://deb.debian.org/debian', security: 'http://deb.debian.org/debian-security' };
// tar complains about parts that a package does not have.
const UNPACK =
  'file=$1 target=$2; shift 2; dpkg-deb --fsys-tarfile "$file" | tar -x -C "$target" --wildcards "$@" || true';
const OUTPUT_BYTES = 64 << 20;

const readAll = (folder, ending) =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(ending))
        .map((name) => readFileSync(join(folder, name), 'utf8'))
    : [];

function hostSources() {
  const main = join(ETC, 'sources.list');
  const lists = existsSync(main) ? [readFileSync(main, 'utf8')] : [];
  const folder = join(ETC, 'sources.list.d');
  return { lists: [...lists, ...readAll(folder, '.list')], stanzas: readAll(folder, '.sources') };
}

function oneLineSources(text) {
  const entries = text.split('\n').map((line) => /^\s*deb\s+(?:\[.*?\]\s+)?(\S+)\s+(\S+)/.exec(line));
  return entries.filter(Boolean).map(([, uri, suite]) => ({ uri, suites: [suite] }));
}

function stanzaSources(text) {
  const field = (stanza, name) => new RegExp(`^${name}:\\s*(.*)$`, 'mi').exec(stanza)?.[1].trim().split(/\s+/) ?? [];
  return text
    .split(/\n\s*\n/)
    .filter((stanza) => field(stanza, 'Types').includes('deb') && !field(stanza, 'Enabled').includes('no'))
    .map((stanza) => ({ uri: field(stanza, 'URIs')[0], suites: field(stanza, 'Suites') }));
}

/**
 * Where a host gets Debian from; Debian's own address for what it doesn't get.
 * @param {{lists: string[], stanzas: string[]}} sources texts in the two formats of sources.list(5)
 */
export function mirrorsOf({ lists, stanzas }) {
  const isDebian = ({ suites }) => suites.some((suite) => CODENAMES.test(suite));
  const sources = [...stanzas.flatMap(stanzaSources), ...lists.flatMap(oneLineSources)].filter(isDebian);
  const isSecurity = ({ suites }) => suites.some((suite) => suite.includes('security'));
  return {
    main: sources.find((source) => !isSecurity(source))?.uri ?? PUBLIC.main,
    security: sources.find(isSecurity)?.uri ?? PUBLIC.security,
  };
}

function stanza(uri, suites) {
  const key = existsSync(KEYRING) ? [`Signed-By: ${KEYRING}`] : [];
  return ['Types: deb', `URIs: ${uri}`, `Suites: ${suites.join(' ')}`, 'Components: main', ...key, ''].join('\n');
}

function sourcesOf(suites) {
  const { main, security } = mirrorsOf(hostSources());
  const isSecurity = (suite) => suite.endsWith('-security');
  const groups = [
    [main, suites.filter((suite) => !isSecurity(suite))],
    [security, suites.filter(isSecurity)],
  ];
  return groups.filter(([, names]) => names.length > 0).map(([uri, names]) => stanza(uri, names));
}

// Another process may be reading it.
function writeOnce(path, text) {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
}

/** What apt knows of some suites of one architecture. Its state is in `folder`; the host's own is neither read nor touched. */
export class Debian {
  #folder;
  #config;

  constructor(folder, suites, architecture = 'amd64') {
    this.#folder = folder;
    mkdirSync(join(folder, 'lists/partial'), { recursive: true });
    mkdirSync(join(folder, 'archives/partial'), { recursive: true });
    writeOnce(join(folder, 'debian.sources'), sourcesOf(suites).join('\n'));
    // No package is installed here: what a package needs is always all of it.
    writeOnce(join(folder, 'status'), '');
    const settings = {
      'Dir::State': folder,
      'Dir::State::status': join(folder, 'status'),
      'Dir::Cache': folder,
      'Dir::Cache::pkgcache': 'pkgcache.bin',
      'Dir::Cache::srcpkgcache': 'srcpkgcache.bin',
      'Dir::Etc::sourcelist': join(folder, 'debian.sources'),
      'Dir::Etc::sourceparts': '-',
      'Dir::Etc::preferencesparts': '-',
      'APT::Architecture': architecture,
      'APT::Architectures': architecture,
      // It can't write to a home folder.
      'APT::Sandbox::User': 'root',
      'Acquire::Languages': 'none',
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    };
    this.#config = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  }

  async #run(program, args, cwd = this.#folder) {
    const argv = [join(this.#folder, 'lock'), program, ...this.#config, ...args];
    const { stdout } = await runs('flock', argv, { cwd, maxBuffer: OUTPUT_BYTES });
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** Fetches the signed indexes, as far as they are new. A suite that is gone makes no error of the others. */
  async update() {
    await this.#run('apt-get', ['-qq', 'update']).catch((error) => {
      if (readdirSync(join(this.#folder, 'lists')).some((name) => name.endsWith('InRelease'))) return;
      throw new Error(`apt-get update: ${error.stderr ?? error.message}`);
    });
  }

  /** Names of packages that start with `prefix`. */
  names(prefix) {
    return this.#run('apt-cache', ['pkgnames', prefix]);
  }

  /** All that can be had of some packages. */
  async versions(names) {
    const lines = names.length > 0 ? await this.#run('apt-cache', ['madison', ...names]) : [];
    return lines.map((line) => {
      const [name, version] = line.split('|').map((cell) => cell.trim());
      return { name, version };
    });
  }

  /** Packages with all they depend on, as `suite` has them: each NAME=VERSION. */
  async closure(names, suite) {
    const lines = await this.#run('apt-get', ['-s', '--no-install-recommends', '-t', suite, 'install', ...names]);
    const installed = lines.map((line) => /^Inst (\S+) \((\S+)/.exec(line)).filter(Boolean);
    return installed.map(([, name, version]) => `${name}=${version}`);
  }

  /** Fetches packages, each NAME=VERSION, and unpacks of each the parts that match a wildcard. */
  async unpack(packages, target, wildcards = ['*']) {
    const fetched = temporaryFolder(join(this.#folder, 'fetched-'));
    try {
      await this.#run('apt-get', ['-qq', 'download', ...packages], fetched.path);
      for (const file of readdirSync(fetched.path))
        await runs('sh', ['-c', UNPACK, 'sh', join(fetched.path, file), target, ...wildcards]);
    } finally {
      fetched.remove();
    }
  }
}
