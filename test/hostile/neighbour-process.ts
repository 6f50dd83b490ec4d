/**
 * The process of the neighbour: node --import ./support/run-ts.mjs neighbour-process.ts '{"url":…,"pid":…}'. It says
 * that it is live, and at `finish` what became of it.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { connect, type SluiceError } from '../../client/src/node.ts';
import { until } from '../../support/poll.ts';
import { startHealthProbe } from './health-probe.ts';
import type { NeighbourReport, NeighbourWords, Trouble } from './neighbour.ts';

const { url, pid }: NeighbourWords = JSON.parse(process.argv[2] ?? '');
const event = 'neighbour.event';
const paceMs = 50;
/** Behind a pause, peers may have been given up. */
const pauseShadowMs = 60_000;
const deadlineMs = 180_000;
const probe = startHealthProbe(url, pid);
const troubles: Trouble[] = [];
let lastTrouble: SluiceError | null = null;
const sluice = connect({ url, retry: { firstMs: 200, longestMs: 2_000 } });
const ending = new AbortController();
const heard = new Map<string, number>();
const acknowledged = new Set<string>();
let sent = 0;

const onStatus = ({ error }: { readonly error: SluiceError | null }): void => {
  if (error !== null && error !== lastTrouble) note(error.failure, error.message);
  lastTrouble = error;
};
const subscription = sluice.subscribe({
  filter: { event: { name: [event] } },
  from: 'now',
  signal: ending.signal,
  onStatus,
});
void (async () => {
  for await (const message of subscription) {
    if (message.type === 'event') heard.set(message.event.id, (heard.get(message.event.id) ?? 0) + 1);
  }
})().catch((error: Error) => {
  if (!ending.signal.aborted) note('subscription ended', error.message);
});
await until('the neighbour is live', () => (subscription.status.phase === 'live' ? true : undefined), deadlineMs);
const publisher = sluice.publisher({ onStatus });
let isSending = true;
const sending = (async () => {
  while (isSending) {
    const id = randomUUID();
    sent += 1;
    const resource = { 'prefect.resource.id': 'neighbour' };
    await publisher.emit({ event, resource, payload: { nth: sent }, id }).then(
      () => acknowledged.add(id),
      (error: SluiceError) => note(error.failure, error.message),
    );
    await wait(paceMs);
  }
})();
process.on('message', () => {
  void finish().then((report) => process.send?.(report, () => process.exit(0)));
});
process.on('disconnect', () => process.exit(1));
process.send?.('live');

async function finish(): Promise<NeighbourReport> {
  isSending = false;
  await Promise.race([sending, wait(deadlineMs)]);
  const mine = [...acknowledged];
  const unheard = (): number => mine.filter((id) => !heard.has(id)).length;
  await until('all came', () => (unheard() === 0 ? true : undefined), deadlineMs).catch(() => undefined);
  let stored = -1;
  const total = async (): Promise<true | undefined> => {
    stored = await sluice
      .query({ event: { name: [event] } })
      .total()
      .catch(() => -1);
    return stored >= mine.length ? true : undefined;
  };
  await until('all is stored', total, deadlineMs).catch(() => undefined);
  return {
    ...{ sent, acknowledged: mine.length, troubles, unheard: unheard() },
    // An event whose answer did not come may be stored too.
    lost: stored < mine.length ? mine.length - stored : Math.max(0, stored - sent),
    repeated: [...heard.values()].filter((times) => times > 1).length,
    ...probe.stop(),
  };
}

function note(failure: string, sentence: string): void {
  troubles.push({ failure, sentence, isOfPause: probe.stoodStillWithin(pauseShadowMs) });
}
