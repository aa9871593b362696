import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const runs = promisify(execFile);

const CONFIG = `
[req]
distinguished_name = name
[name]
[ca]
default_ca = own
[own]
database = index
rand_serial = yes
new_certs_dir = .
default_md = sha256
default_days = 30
unique_subject = no
policy = any
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
[server]
subjectAltName = DNS:localhost, IP:127.0.0.1
[misnamed]
subjectAltName = DNS:elsewhere.invalid
[client]
extendedKeyUsage = clientAuth
`;

const EXPIRED = ['-startdate', '20200101000000Z', '-enddate', '20210101000000Z'];
const ISSUED = [
  { name: 'server', ca: 'ca', kind: 'server' },
  { name: 'server-expired', ca: 'ca', kind: 'server', dates: EXPIRED },
  { name: 'server-misnamed', ca: 'ca', kind: 'misnamed' },
  { name: 'client', ca: 'ca', kind: 'client' },
  { name: 'client-expired', ca: 'ca', kind: 'client', dates: EXPIRED },
  { name: 'client-foreign', ca: 'foreign-ca', kind: 'client' },
];

async function key(folder, name) {
  const curve = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  await runs('openssl', ['genpkey', ...curve, '-out', `${name}.key`], { cwd: folder });
}

async function authority(folder, name) {
  await key(folder, name);
  const self = ['req', '-x509', '-new', '-config', 'openssl.cnf', '-extensions', 'authority', '-days', '30'];
  await runs('openssl', [...self, '-subj', `/CN=acceptstream ${name}`, '-key', `${name}.key`, '-out', `${name}.pem`], {
    cwd: folder,
  });
}

async function issue(folder, { name, ca, kind, dates = [] }) {
  await key(folder, name);
  const subject = ['-config', 'openssl.cnf', '-subj', `/CN=${name}`];
  await runs('openssl', ['req', '-new', ...subject, '-key', `${name}.key`, '-out', `${name}.csr`], { cwd: folder });
  const signer = ['-config', 'openssl.cnf', '-cert', `${ca}.pem`, '-keyfile', `${ca}.key`, '-extensions', kind];
  const files = ['-in', `${name}.csr`, '-out', `${name}.pem`];
  await runs('openssl', ['ca', '-batch', '-notext', ...signer, ...dates, ...files], { cwd: folder });
}

/**
 * Makes two authorities and what they sign in `folder`, each as NAME.key (PKCS8) and NAME.pem: ca, server (localhost and
 * 127.0.0.1), server-expired, server-misnamed, client, client-expired; foreign-ca, client-foreign.
 */
export async function makeCertificates(folder) {
  writeFileSync(join(folder, 'openssl.cnf'), CONFIG);
  writeFileSync(join(folder, 'index'), '');
  await Promise.all(['ca', 'foreign-ca'].map((name) => authority(folder, name)));
  // openssl ca keeps a database of what it signed: one at a time.
  for (const certificate of ISSUED) await issue(folder, certificate);
}
