import type { TlsConfig } from '../config/types.js';

interface Refusal {
  /** host:port of the other side. */
  readonly where: string;
  readonly tls?: TlsConfig;
  /** Key of the configuration that names the other side. */
  readonly place: string;
}

type Explain = (refusal: Refusal) => string;

const untrusted: Explain = ({ where }) =>
  `the certificate of ${where} is signed by an authority not trusted here: set tls.ca_file to that authority's`;

const noTls: Explain = ({ where }) => `${where} speaks no TLS: leave tls out, or use the port of a TLS listener`;

const clientCertificate: Explain = ({ where, tls }) =>
  tls?.cert_file
    ? `${where} does not accept the client certificate ${tls.cert_file}: it may be expired or of another authority`
    : `${where} wants a client certificate: set tls.cert_file and tls.key_file`;

/** By the code of the TLS library: what no waiting can help. */
export const TLS_REFUSALS: Readonly<Record<string, Explain>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  CERT_HAS_EXPIRED: ({ where }) => `the certificate of ${where} has expired: renew it there`,
  CERT_NOT_YET_VALID: ({ where }) => `the certificate of ${where} is not valid yet: check the clocks`,
  ERR_TLS_CERT_ALTNAME_INVALID: ({ where, place }) =>
    `the certificate of ${where} is for another name: use that name in ${place}, or set tls.server_name to it`,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: clientCertificate,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: clientCertificate,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: clientCertificate,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: clientCertificate,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: clientCertificate,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: clientCertificate,
};
