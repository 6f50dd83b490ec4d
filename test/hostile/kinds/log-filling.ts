/** Producers whose messages are all refused, each with a long reason, as fast as they can. */
import { eventCases } from '../../fuzz/event-cases.ts';
import type { Field, HostileKind } from '../kind.ts';
import { ask, openPeer, produceOn } from '../peers.ts';

export const logFilling: HostileKind = {
  name: 'log-filling',
  about: 'producers whose messages of up to 200 kB are all refused, over /in and POST, as fast as they can',
  expects: ['reject', '422', 'log_lines_dropped_total{reason="repeated"}'],
  async attack(field) {
    await Promise.all([rejected(field), closed(field), closed(field), posted(field)]);
  },
};

/** An event that is none, in one of many shapes. */
function badMessage({ by }: Field): string {
  const size = by.chance(0.3) ? 200_000 : 1 + by.below(20_000);
  const text = 'x\\n\\u001b[31m'.repeat(size / 12);
  return by.weighed<string>([
    [2, () => `{"occurred":"${by.id()}","event":"${text}","id":"${by.id()}","resource":{}}`],
    [1, () => `{"occurred":"2026-01-01T00:00:00Z","event":"e","id":"${text}","resource":{"prefect.resource.id":"x"}}`],
    [1, () => `{"${text}":1}`],
    [1, () => `${text}{${by.id()}`],
    [1, () => `["${by.id()}"]`],
    [1, () => by.pick(eventCases).of(size).replaceAll('2026-11-22', `never ${by.id()}`)],
  ]);
}

/** It stays, and is told of each. */
async function rejected(field: Field): Promise<void> {
  await produceOn(field, async (socket) => {
    for (let nth = 0; nth < 20; nth += 1) socket.send(badMessage(field));
  });
}

/** It is closed for each, and comes again. */
async function closed(field: Field): Promise<void> {
  while (!field.isOver()) {
    const peer = await openPeer(field, '/api/events/in');
    if (peer === null) continue;
    peer.socket.send(badMessage(field));
    await peer.socket.ping().catch(() => undefined);
    peer.drop();
  }
}

async function posted(field: Field): Promise<void> {
  while (!field.isOver()) await ask(field, '/api/events', `[${badMessage(field)}]`);
}
