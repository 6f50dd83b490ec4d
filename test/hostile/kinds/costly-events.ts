/** Events that are dear to read: the same keys, each key twice, escapes, depth, long numbers, many bad ones. */
import { batchCases, eventCases, eventWith } from '../../fuzz/event-cases.ts';
import type { Field, HostileKind } from '../kind.ts';
import { ask, produceOn } from '../peers.ts';

const sizeMax = 1_400_000;
const bodyMax = 5_000_000;

/** Payloads by their JSON text, of so many characters. */
const payloads: readonly ((size: number) => string)[] = [
  (size) => `{${'"a":1,'.repeat(size / 6)}"a":2}`,
  (size) => `{${members(size / 10, (nth, count) => nth % (count / 2))}}`,
  (size) => `{${members(size / 10, (nth, count) => count - nth)}}`,
  (size) => `{${'"__proto__":1,'.repeat(size / 14)}"b":2}`,
  (size) => `{"a":[${`${'['.repeat(990)}${']'.repeat(990)},`.repeat(size / 1_981)}1]}`,
  (size) => `{"p":"${'\\u0041'.repeat(size / 6)}"}`,
  (size) => `{"p":"${'\\"'.repeat(size / 2)}"}`,
  (size) => `{"p":"${'💥'.repeat(size / 4)}"}`,
  (size) => `{"p":"${'\\ud83d\\udca5'.repeat(size / 12)}"}`,
  (size) => `{"p":[${'1e1,'.repeat(size / 4)}1]}`,
  (size) => `{"p":${'9'.repeat(size)}}`,
  (size) => `{"p":0.${'9'.repeat(size)}}`,
  (size) => `{"p":1${' '.repeat(size)}}`,
  (size) => `{"p":"${'ßİ'.repeat(size / 4)}"}`,
  (size) => `{"p":"${'\\n\\t'.repeat(size / 4)}"}`,
];

export const costlyEvents: HostileKind = {
  name: 'costly-events',
  about: 'events of up to 1.4 MB and bodies of up to 5 MB that are dear to read: keys twice, escapes, depth, all bad',
  expects: ['taken', '422', 'reject'],
  async attack(field) {
    await Promise.all([posted(field), posted(field), sent(field)]);
  },
};

function members(count: number, keyOf: (nth: number, count: number) => number): string {
  return Array.from({ length: Math.floor(count) + 2 }, (_, nth) => `"k${keyOf(nth, count)}":1`).join(',');
}

/** One event, with an id of its own. */
function costly({ by }: Field): string {
  const size = by.chance(0.4) ? sizeMax : 1 + by.below(sizeMax);
  const text = by.chance(0.5) ? eventWith('payload', by.pick(payloads)(size)) : by.pick(eventCases).of(size);
  return text.replace('00000000-0000-4000-8000-000000000001', by.id()).replace('2026-11-22T00:00:00Z', now());
}

function now(): string {
  return new Date().toISOString();
}

async function posted(field: Field): Promise<void> {
  const { by, tally } = field;
  while (!field.isOver()) {
    const body = by.chance(0.3) ? by.pick(batchCases).of(by.below(bodyMax)) : `[${costly(field)}]`;
    const answer = await ask(field, '/api/events', body);
    if (answer?.status === 204) tally.add('taken');
    await field.pause(by.below(100));
  }
}

async function sent(field: Field): Promise<void> {
  await produceOn(field, async (socket) => {
    for (let nth = field.by.below(4); nth >= 0; nth -= 1) socket.send(costly(field));
    await field.pause(field.by.below(100));
  });
}
