const REGISTRY = 'http://127.0.0.1:8081/apis/ccompat/v7';

/** The commands of README's part on Kafka; kafka.test.ts runs them. */
export const KAFKA_COMMANDS = {
  servers: 'npm run kafka',
  check: 'npm start -- run --check pipelines/kafka.yaml',
  run: 'npm start -- run pipelines/kafka.yaml',
  read: `npm start -- read --kafka 127.0.0.1:9092 --topic accepts --registry ${REGISTRY} -P 8080,8443`,
  kcat: "kcat -C -e -q -b 127.0.0.1:9092 -t accepts -f '%p %o %k %S bytes %h %T\\n'",
  versions: `curl -s ${REGISTRY}/subjects/accepts-value/versions`,
};
