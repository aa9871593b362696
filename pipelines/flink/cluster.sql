-- Where Kafka and the schema registry are: all that differs between one place and another. `npm run kafka` has them here.
-- The tables of tables.sql are made LIKE these two. Security goes in here too, as options of Kafka's client behind
-- 'properties.', of the registry's behind 'avro-confluent.'.

CREATE TABLE kafka WITH (
  'connector' = 'kafka',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  -- Where a job begins that is not restored from a savepoint.
  'scan.startup.mode' = 'latest-offset'
);

CREATE TABLE registered WITH (
  'format' = 'avro-confluent',
  'avro-confluent.url' = 'http://127.0.0.1:8081/apis/ccompat/v7'
) LIKE kafka;
