/**
 * What a line of text says of a record. tcpaccept's rows; the same, wider and with more columns; flat JSON with the names
 * of the schema; JSON of the Elastic Common Schema; of OCSF's Network Activity; of OpenTelemetry (OTLP's LogsData).
 */
export const TEXT_FORMATS = ['tcpaccept', 'wide', 'json', 'ecs', 'ocsf', 'otel'] as const;
export type TextFormat = (typeof TEXT_FORMATS)[number];

/** Columns of the formats that are tables, as their header names them. */
const COLUMNS: Readonly<Partial<Record<string, string>>> = {
  tcpaccept: 'PID     COMM         IP RADDR            RPORT LADDR            LPORT',
  wide: [
    'PID     COMM            IP RADDR                                   RPORT',
    'LADDR                                   LPORT NETNS      BACKLOG     QUEUED(us)',
  ].join(' '),
};

/** Whether a format has columns and a header: only then can it have the columns TIME and TIME(s). */
export function isTable(format: string): boolean {
  return Object.hasOwn(COLUMNS, format);
}

/** The header line with its newline; empty for a format that is no table. */
export function headerOf(format: string, { time = false, timestamp = false }): string {
  return isTable(format) ? `${time ? 'TIME     ' : ''}${timestamp ? 'TIME(s)  ' : ''}${COLUMNS[format]}\n` : '';
}
