// kafkajs is CommonJS: Node finds only some of its names by reading it, so they are taken from the module object.
import kafkajs from 'kafkajs';

export const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;
