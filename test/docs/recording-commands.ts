/** Commands of the pages that read recordings. */
export const RECORDING_COMMANDS = {
  filter: 'acceptstream read accepts.avro --format wide -P 8080,8443',
  times: 'acceptstream read /var/log/accepts --since 2026-11-22T16:00 --until 2026-11-22T17:00',
  stdin: 'ssh db1 cat accepts.avro | acceptstream read - --format ecs',
};
