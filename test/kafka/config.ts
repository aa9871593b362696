import type { KafkaConfig } from '../../source-plugin/config/types.js';

/** A configuration of the Kafka sink as `acceptstream run` hands it on. */
export function configOf(fields: Partial<KafkaConfig> & Pick<KafkaConfig, 'brokers'>): KafkaConfig {
  return {
    type: 'kafka',
    required: false,
    client_id: 'acceptstream',
    topic: 'accepts',
    key: 'remote_address',
    encoding: 'json',
    compression: 'none',
    linger_ms: 5,
    ...fields,
  };
}
