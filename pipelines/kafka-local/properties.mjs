import { readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';

/** Whom the SASL listeners let in, by PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 alike. */
export const USER = { username: 'alice', password: 'alice-secret' };

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all.some(({ address }) => address === '::1'));

/** Listeners beside `plaintext`, in the order of their ports; `ipv6` where there is such a loopback address. */
export const OTHER_LISTENERS = {
  sasl: { protocol: 'SASL_PLAINTEXT' },
  tls: { protocol: 'SSL', certificate: 'server' },
  mtls: { protocol: 'SSL', certificate: 'server', clientAuth: 'required' },
  sasl_tls: { protocol: 'SASL_SSL', certificate: 'server' },
  expired: { protocol: 'SSL', certificate: 'server-expired' },
  misnamed: { protocol: 'SSL', certificate: 'server-misnamed' },
  ...(hasIpv6 ? { ipv6: { protocol: 'PLAINTEXT', host: '[::1]' } } : {}),
};

/** host:port of a node's listener */
export function addressOf(node, name) {
  return `${OTHER_LISTENERS[name]?.host ?? '127.0.0.1'}:${node.ports[name]}`;
}

const LOGIN_MODULES = 'org.apache.kafka.common.security';

function saslOf(prefix) {
  const { username, password } = USER;
  return MECHANISMS.map((mechanism) => {
    const module =
      mechanism === 'PLAIN'
        ? `plain.PlainLoginModule required user_${username}="${password}"`
        : 'scram.ScramLoginModule required';
    return [`${prefix}.${mechanism.toLowerCase()}.sasl.jaas.config`, `${LOGIN_MODULES}.${module};`];
  });
}

function tlsOf(prefix, { certificate, clientAuth = 'none' }, folder) {
  const store = join(folder, `${certificate}.keystore.pem`);
  writeFileSync(store, ['key', 'pem'].map((kind) => readFileSync(join(folder, `${certificate}.${kind}`))).join(''));
  return [
    [`${prefix}.ssl.keystore.type`, 'PEM'],
    [`${prefix}.ssl.keystore.location`, store],
    [`${prefix}.ssl.truststore.type`, 'PEM'],
    [`${prefix}.ssl.truststore.location`, join(folder, 'ca.pem')],
    [`${prefix}.ssl.client.auth`, clientAuth],
  ];
}

function securityOf(folder) {
  const listeners = Object.entries(OTHER_LISTENERS).flatMap(([name, listener]) => {
    const prefix = `listener.name.${name}`;
    return [
      ...(listener.protocol.startsWith('SASL') ? saslOf(prefix) : []),
      ...(listener.certificate ? tlsOf(prefix, listener, folder) : []),
    ];
  });
  return Object.fromEntries([
    ...listeners,
    ['sasl.enabled.mechanisms', MECHANISMS.join(',')],
    // An ACL can take a right from a user; without one everything is allowed.
    ['authorizer.class.name', 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'],
    ['allow.everyone.if.no.acl.found', true],
    ['super.users', 'User:ANONYMOUS'],
  ]);
}

function clusterOf(nodes) {
  const replicas = Math.min(3, nodes.length);
  const inSync = Math.max(1, replicas - 1);
  return {
    'controller.quorum.voters': nodes.map((node) => `${node.id}@127.0.0.1:${node.controller}`).join(','),
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
  };
}

// What makes it quick and small: few internal partitions, no wait for group members, a small cleaner buffer (the
// default one does not fit the heap), and a broker that was killed is missed after a second.
const QUICK = {
  'group.initial.rebalance.delay.ms': 0,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.num.partitions': 4,
  'log.cleaner.dedupe.buffer.size': 4_194_304,
  'broker.session.timeout.ms': 1_000,
  'broker.heartbeat.interval.ms': 200,
};

/**
 * One node's configuration as Java properties.
 * @param {{id: number, controller: number, ports: Record<string, number>, data: string}} node
 * @param {{nodes: object[], security: boolean, folder: string, properties: object}} cluster
 */
export function nodeProperties(node, { nodes, security, folder, properties }) {
  const others = security ? Object.entries(OTHER_LISTENERS) : [];
  const listeners = Object.keys(node.ports).map((name) => `${name.toUpperCase()}://${addressOf(node, name)}`);
  const protocols = others.map(([name, { protocol }]) => `${name.toUpperCase()}:${protocol}`);
  const all = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'log.dirs': node.data,
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${node.controller}`].join(','),
    'listener.security.protocol.map': ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT', ...protocols].join(','),
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    ...clusterOf(nodes),
    ...QUICK,
    ...(security ? securityOf(folder) : {}),
    ...properties,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
