/**
 * A gateway without its edge, as a process that tests can kill: node gateway-process.ts FOLDER ID PORT EPOCH FIRST_SEQ.
 * Each line on stdin is a body for its intake; on stdout it says `ready`, `pong N` once the body of line N is in its
 * spool, and `settled N` once it is in the shared log and applied here. After `drain` it says `drained` once all of its
 * spool is in the shared log; `quit` ends it when it has applied all that is there by then.
 */
import { createInterface } from 'node:readline';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { createBlockStream } from '../../src/nats/block-stream.ts';
import { connectNats } from '../../src/nats/connect-nats.ts';
import { followStream } from '../../src/nats/follow-stream.ts';
import { openStream, subjectOf } from '../../src/nats/open-stream.ts';
import { Carrier } from '../../src/shared-log/carrier.ts';
import { Gateway } from '../../src/shared-log/gateway.ts';
import { JournalSpool } from '../../src/shared-log/journal-spool.ts';
import { Replica } from '../../src/shared-log/replica.ts';
import { windowOf } from '../../src/shared-log/replica-window.ts';
import { open } from '../journal/support.ts';

const [, , folder = '', id = '', port = '', epoch = '', firstSeq = ''] = process.argv;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const log = createLog('warn');
const bounds = { idsMax: 100_000, idsMs: 12 * 3_600_000 };
const machine = [undefined, Date.now, 'boot 1', () => performance.now()] as const;

const nats = await connectNats({ servers: [`nats://127.0.0.1:${port}`], name: id });
const wish = { name: 'SLUICE', replicas: 1, bytesMax: 2 ** 30, idsMax: bounds.idsMax };
const stream = await openStream(nats, { ...wish, epoch, firstSeq: Number(firstSeq) });
const subject = subjectOf(stream.name, id);

const spool = open(`${folder}/spool`, { log }, ...machine);
const replicaLog = open(`${folder}/replica`, { log, replicaOf: stream }, ...machine);
const replica = new Replica({ log: replicaLog, openWindow: () => windowOf(replicaLog, bounds), ...bounds });
let waiting: { readonly line: number; readonly ticket: number }[] = [];

const carrier: Carrier = new Carrier({
  spool: new JournalSpool(spool),
  replica: {
    get applied() {
      return replica.applied;
    },
    get seq() {
      return replica.seq;
    },
    get window() {
      return replica.window;
    },
  },
  stream: createBlockStream({
    ...{ nats, subject, stream: stream.name },
    told: {
      answered: (turn, newest) => carrier.answered(turn, newest),
      refused: (turn, isOutrun) => carrier.refused(turn, isOutrun),
      says: () => undefined,
    },
  }),
  store: {
    lookUp: () => {
      throw new Error('no id has left the window');
    },
  },
  keepTaken: () => {
    throw new Error('nobody has a label');
  },
  settled: (seq) => {
    for (const { line } of waiting.filter(({ ticket }) => ticket <= seq)) say(`settled ${line}`);
    waiting = waiting.filter(({ ticket }) => ticket > seq);
  },
  wait: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  options: { rowsMax: 1_024, bytesMax: 512 * 1024, parkedMax: 1_000, silentMs: 2_000, againMs: 100 },
});

const gateway = new Gateway({
  replica,
  carrier,
  committed: () => undefined,
  failed: () => follower.again(),
  refused: () => undefined,
  log,
});
const follower = followStream({
  ...{ nats, stream, log },
  applied: () => replica.applying,
  take: (message) => gateway.take(message.stream, message.ms, message.subject === subject, message.data),
  lost: (sentence) => {
    say(`lost ${sentence}`);
    process.exit(1);
  },
});

const intake = createIntake({
  journal: spool,
  window: new IdWindow({ idsMax: 1_000, checkpoint: () => spool.checkpoint, forgotten: new ForgottenIds() }),
  parked: new ParkedEvents({ eventsMax: 1, bytesMax: 1 }),
  live: new LiveBus(spool.head),
  audience: { isThere: () => false, readBack: () => expectNobody() },
  gate: () => null,
  counters: createCounters(),
  log,
  now: Date.now,
  elapsedMs: () => performance.now(),
});

function expectNobody(): never {
  throw new Error('nobody listens to a spool');
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}

async function drain(): Promise<void> {
  await intake.settled();
  while (carrier.settled < spool.head) await pause();
  say('drained');
}

carrier.start();
say('ready');
let line = 0;
for await (const text of createInterface({ input: process.stdin })) {
  if (text === 'quit') break;
  if (text === 'drain') {
    await drain();
    continue;
  }
  line += 1;
  const own = line;
  const outcome = intake.acceptBatch(Buffer.from(text), true);
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.issues)}`);
  const ticket = spool.appended;
  void outcome.durable.then(() => {
    say(`pong ${own}`);
    waiting.push({ line: own, ticket });
    carrier.wake();
  });
}

const { state } = await nats.manager.streams.info(stream.name);
while (replica.applied.stream < state.last_seq) await pause();
carrier.stop();
follower.stop();
replicaLog.close();
spool.close();
await nats.close();
say('ended');
process.exit(0);
