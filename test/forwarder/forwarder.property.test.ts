/**
 * Whatever a Prefect server does to what it is sent, and however often the forwarder dies: in the end it has each own
 * event that passes, as it was sent and in order, and never was sent one that it had written down already.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fault, type FaultyPrefect, startFaultyPrefect } from '../../support/peers/faulty-prefect.ts';
import { until } from '../../support/poll.ts';
import { ForwardedLife, peerTimes } from './forwarded-life.ts';

const testMs = 240_000;
const filter = '{"event":{"prefix":["order."],"exclude_name":["order.seen"]}}';
const event = fc.record({
  event: fc.constantFrom('order.paid', 'order.seen', 'telemetry', 'prefect.task-run.Running', 'Order.paid'),
  isFromPrefect: fc.boolean(),
});
const fault = fc.constantFrom<Fault>('lost', 'unanswered', 'late', 'error taken', 'error', 'unauthorized', 'killed');
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ what: fc.constant('take' as const), count: fc.integer({ min: 1, max: 120 }) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('fault' as const), fault }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('kill' as const) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('pause' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
);

function passes({ event: name, isFromPrefect }: { event: string; isFromPrefect: boolean }): boolean {
  return !isFromPrefect && (name.startsWith('prefect.') || (name.startsWith('order.') && name !== 'order.seen'));
}

async function untilStored(peer: FaultyPrefect, life: ForwardedLife): Promise<void> {
  const wanted = life.sent.filter(passes).length;
  await until(
    `${wanted} events are stored, phase ${life.forwarder.status.phase}, ${life.forwarder.status.reason}`,
    () => peer.stored.length === wanted || undefined,
    20_000,
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${peer.stored.length} are; ${JSON.stringify(life.forwarder.status)}`);
  });
}

describe('the forwarder', () => {
  it(
    'brings each event that passes to a Prefect that fails, once, as it was sent',
    async () => {
      const law = fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 12 }),
        fc.array(event, { minLength: 7, maxLength: 7 }),
        async (steps, kinds) => {
          const peer = await startFaultyPrefect(peerTimes);
          const life = await ForwardedLife.begin(peer.url, { filter, answerMs: peerTimes.answerMs });
          const faults: Fault[] = [];
          peer.faultOf = () => faults.shift() ?? 'none';
          try {
            for (const one of steps) {
              if (one.what === 'take') {
                life.take(Array.from({ length: one.count }, (_, nth) => kinds[nth % kinds.length]!));
              } else if (one.what === 'fault') faults.push(one.fault);
              else if (one.what === 'restart') await life.restart();
              else if (one.what === 'kill') await life.kill();
              else await new Promise((resolve) => setTimeout(resolve, one.ms));
            }
            await untilStored(peer, life);
            const wanted = life.sent.filter(passes).map(({ id }) => id);
            expect([...peer.stored].sort()).toEqual(wanted);
            expect(peer.repeats).toEqual([]);
            for (const id of wanted) expect(peer.texts.get(id)).toBe(life.texts.get(id));
            const isQuiet = life.forwarder.status.counters.failures === 0;
            if (isQuiet && steps.every(({ what }) => what === 'take' || what === 'pause')) {
              expect(peer.stored).toEqual(wanted);
              const own = life.sent.filter(({ isFromPrefect }) => !isFromPrefect).length;
              await until('all are counted', () => {
                const { sent, heldBack } = life.forwarder.status.counters;
                return (sent === wanted.length && heldBack === own - wanted.length) || undefined;
              });
            }
          } finally {
            await life.end();
            await peer.close();
          }
        },
      );
      await fc.assert(law, { numRuns: 30, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false });
    },
    testMs,
  );
});
