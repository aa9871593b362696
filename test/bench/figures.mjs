// The figures in the order in which they are taken: what each is, and how it is measured.
import { benchCore } from './core.mjs';
import { benchCost } from './cost.mjs';
import { benchConnected, benchStream } from './kafka-live.mjs';
import { benchProduce } from './kafka-produce.mjs';
import { benchPath } from './path.mjs';
import { benchRecording } from './recording.mjs';
import { benchReplay } from './replay.mjs';
import { benchIdle, benchMemory } from './rest.mjs';
import { benchScaleFlink } from './scale-flink.mjs';
import { benchScaleKafka } from './scale-kafka.mjs';
import { benchStart } from './start.mjs';
import { benchTax } from './tax.mjs';
import { benchThroughput } from './throughput.mjs';

const first = (limit, measures) => measures.map((measure, at) => (at === 0 ? { ...measure, ...limit } : measure));

/**
 * `live` figures need root and a kernel that lets us capture, `kafka` ones Java and Maven. `run` resolves with measures
 * (report.mjs).
 */
export const FIGURES = [
  {
    name: 'core',
    title: 'The core alone',
    live: false,
    run: async () => first({ atLeast: { must: 6, goal: 10 } }, await benchCore()),
    method: `Avro datums in the core's memory become rows of text: decode, port filter (which all pass), format.
The data set is fixed, 30 % IPv6. The yardstick is avsc's decode and the same filter and row in plain JavaScript; both
must give the same bytes. Formats of JSON are taken in turns with avsc's decode and JSON.stringify, which writes the fields
as they are. CPU time is the process's, user and system.`,
  },
  {
    name: 'path',
    title: 'Kernel events to a file',
    live: false,
    run: async () => first({ atLeast: { must: 3, goal: 5 } }, await benchPath()),
    method: `50 000 kernel events as the ring holds them, 30 % IPv6, in batches of 1000: native encode into the core's
memory, decode, port filter, format, write to a file in memory (tmpfs). The yardstick makes the same records of
the same events in plain JavaScript, every field of them, encodes and decodes with avsc, and writes the same bytes to the
same file. CPU time includes the kernel's for the writes.`,
  },
  {
    name: 'recording',
    title: 'Recording to a file',
    live: false,
    run: benchRecording,
    method: `The data set of the core alone, a full batch a block, through a core that filters and passes datums on, into
a sink of type file in memory (tmpfs). Beside it the same records as rows to a file, and avsc's own writer of containers,
which gets its records as objects. CPU time is that of all threads: blocks are deflated in the pool. Sizes are those of
whole files, whose header is in them.`,
  },
  {
    name: 'replay',
    title: 'Reading a recording',
    live: false,
    run: benchReplay,
    method: `The real command, \`node dist/source-plugin/main.js read FILE\`, reads recordings of the same data set, a
full batch a block as the sink writes them, and prints rows to a file in memory (tmpfs). CPU time is that of all threads
from the start of the process to its end, user and system; peak memory is the largest resident size (VmHWM). The yardstick
is avsc's own decoder of containers, which makes an object of each record, and the same rows in plain JavaScript; both must
write the same bytes. All are processes of their own, in turns. MB and GB are 10^6 and 10^9 bytes, of deflated records as
they were before.`,
  },
  {
    name: 'tax',
    title: 'Tax on other system calls',
    live: true,
    run: benchTax,
    method: `CPU time of a C loop of 3 million getppid calls, without capture and while each variant of the hook is attached, in
turns; added is the difference within a round. A hook at the end of accept is passed by every system call of the
host: this is what the others pay.`,
  },
  {
    name: 'start',
    title: 'Start',
    live: true,
    run: benchStart,
    method: `From spawning the command until its header is in the pipe, everything built. npm's own start is in the
second row.`,
  },
  {
    name: 'throughput',
    title: 'Accept throughput kept',
    live: true,
    run: benchThroughput,
    method: `One thread connects, accepts and closes 100 000 times as fast as it can (C, loopback), without capture and
while the program captures to a file in memory, in turns; kept is the ratio within a round. Nothing is pinned to a CPU.
Lost is what the generator accepted less the rows that were printed of it.`,
  },
  {
    name: 'cost',
    title: 'Cost of an accept',
    live: true,
    run: benchCost,
    method: `The same generator at 10 000 accepts a second for 3 s a round. The agent's part is the CPU time of all its
threads, user and system, from the scheduler's nanosecond count; it includes its timer. The programs' part is the
kernel's own run_time_ns with BPF_ENABLE_STATS, less what they ran for the rest of the host just before the round:
tp_btf runs at every system call, also at those of the generator and the agent, which are in its figure.`,
  },
  {
    name: 'idle',
    title: 'Idle',
    live: true,
    run: benchIdle,
    method: `CPU time of the agent's threads while no accept passes its filter (-P 1): six windows of 5 s, 30 s in all.`,
  },
  {
    name: 'memory',
    title: 'Memory',
    live: true,
    run: benchMemory,
    method: `/proc/PID/status after a million accepts, and after each 200 000 more; the ring of 8 MiB wraps some
twenty times in the first million. The kernel maps a ring twice in a row, which the resident size counts twice. MB are 10^6
bytes.`,
  },
  {
    name: 'kafka-produce',
    title: 'Kafka: a message from ring to acknowledgement',
    live: false,
    kafka: true,
    run: benchProduce,
    method: `One broker on this machine, a topic of three partitions, acks=all, idempotent, each client in turn in a
process of its own; the broker's own CPU time is in none. Ours is what \`acceptstream run\` does behind the ring: kernel
events as the ring holds them become Avro datums, records keyed by remote_address, a request, and its
acknowledgement. Plain kafkajs gets the same keys, values, headers and times ready-made, in sends of 1000 objects. Java's
ProducerPerformance (no keys, batches of 128 KiB) and kcat (the same keys, from a file) send values of the same mean
size; a run of one record is taken off each. Every record sent is looked for in the topic. CPU time is user and system;
pace is messages by time, each as fast as it can.`,
  },
  {
    name: 'kafka-stream',
    title: 'Kafka: live accepts',
    live: true,
    kafka: true,
    run: benchStream,
    method: `pipelines/kafka.yaml (linger_ms 20) on the same broker, with a registry; the generator accepts 5000 times a
second for 3 s a round. Cost is taken as in "Cost of an accept", with the hook that the program chooses. Lost is what the
generator accepted less the different records of it that a kafkajs consumer read and avsc decoded; readable is when the
consumer had it.`,
  },
  {
    name: 'kafka-idle',
    title: 'Kafka: idle',
    live: true,
    kafka: true,
    run: benchConnected,
    method: `As "Idle", with pipelines/kafka.yaml and a connected producer, and a filter that no accept passes.`,
  },
  {
    name: 'scale-kafka',
    title: 'Scale: records in Kafka',
    live: false,
    kafka: true,
    run: benchScaleKafka,
    method: `The records of one host, which are its kernel events as the ring holds them, into one partition of one broker
with the host as the key, by records of a batch and by compression. Size is what the broker has on its disk for a record,
the batch's header in it; on the wire some hundred bytes a request come to it, which is a batch here. CPU of acceptstream is
as in "Kafka: a message from ring to acknowledgement"; that of the broker is the process's, user and system, on a machine
that both share.`,
  },
  {
    name: 'scale-flink',
    title: 'Scale: jobs in Flink',
    live: false,
    kafka: true,
    run: benchScaleFlink,
    method: `The jobs of pipelines/flink as they are, in a local Flink with two slots and state on the heap. CPU is that of
Flink's process, user and system, for 60 000 accepts of 100 hosts, a request or flow for each where the job reads these, from a
topic of three partitions to the end of the job, less the same on nothing; one run before is not counted. Rows that a job has to
write are counted. State is the size of a checkpoint of 20 000 accepts within 4 seconds of event time, by what is kept.`,
  },
];
