/**
 * The payloads of the corpus by kind. Each says how often it comes in two hundred events, and makes one of about the
 * size that is asked for.
 */
import {
  arabic,
  chinese,
  count,
  type Draw,
  emoji,
  european,
  hex,
  hosts,
  logLine,
  markup,
  pick,
  sentence,
  trace,
  uuid,
  words,
} from './fragments.ts';

export type Payload = Record<string, unknown>;

export interface Kind {
  readonly name: string;
  readonly events: number;
  make(draw: Draw, bytes: number): Payload;
}

export const kinds: readonly Kind[] = [
  { name: 'state', events: 40, make: (draw, bytes) => statePayload(draw, bytes) },
  { name: 'log', events: 34, make: (draw, bytes) => ({ level: 20, lines: many(draw, bytes, logLine) }) },
  { name: 'trace', events: 16, make: tracePayload },
  { name: 'script', events: 24, make: scriptPayload },
  { name: 'emoji', events: 12, make: (draw, bytes) => ({ text: many(draw, bytes, (d) => pick(d, emoji)).join(' ') }) },
  { name: 'webhook', events: 36, make: webhookPayload },
  { name: 'metrics', events: 18, make: metricsPayload },
  { name: 'deep', events: 6, make: (draw, bytes) => deepPayload(draw, bytes) },
  { name: 'wide', events: 6, make: (draw, bytes) => widePayload(draw, bytes) },
  { name: 'blob', events: 4, make: (draw, bytes) => ({ name: 'part.bin', data: repeated(hex(draw, 64), bytes) }) },
  { name: 'none', events: 4, make: () => ({}) },
];

/** Items until they have so many bytes together; at least one. */
function many<Item>(draw: Draw, bytes: number, make: (draw: Draw) => Item): Item[] {
  const items: Item[] = [];
  for (let sum = 0; sum < bytes; ) {
    const item = make(draw);
    items.push(item);
    sum += Buffer.byteLength(JSON.stringify(item)) + 1;
  }
  return items;
}

function repeated(text: string, bytes: number): string {
  return text.repeat(Math.max(1, Math.ceil(bytes / text.length)));
}

/** As a scheduler reports that a run went from one state to the next. */
function statePayload(draw: Draw, bytes: number): Payload {
  return {
    intended: { from: 'PENDING', to: 'RUNNING' },
    initial_state: { type: 'PENDING', name: 'Pending', message: '' },
    validated_state: { type: 'RUNNING', name: 'Running', message: sentence(draw, count(draw, 2, 6)), data: null },
    parameters: many(draw, bytes - 300, (d) => ({ name: pick(d, words), value: count(d, 0, 1000) })),
  };
}

function tracePayload(draw: Draw, bytes: number): Payload {
  const message = sentence(draw, 3);
  return {
    error: { type: 'BadState', message, stack: trace(draw, Math.max(2, Math.floor(bytes / 90))) },
    retried: true,
  };
}

function scriptPayload(draw: Draw, bytes: number): Payload {
  const texts = pick(draw, [chinese, chinese, arabic, european]);
  return { title: pick(draw, texts), messages: many(draw, bytes, (d) => pick(d, texts)), größe: count(draw, 1, 99) };
}

/** As services call a webhook: nested objects, ids, addresses, markup, nulls. */
function webhookPayload(draw: Draw, bytes: number): Payload {
  const author = { id: count(draw, 1, 9e8), login: pick(draw, words), avatar: null, admin: false };
  const change = (d: Draw): Payload => ({
    id: hex(d, 40),
    url: `https://${pick(d, hosts)}.example.org/${pick(d, words)}/${hex(d, 7)}`,
    message: `${sentence(d, 4)}\n\n${pick(d, markup)}\n`,
    added: [`src/${pick(d, words)}.ts`],
    removed: [],
    distinct: true,
  });
  return {
    action: pick(draw, ['opened', 'closed', 'synchronized']),
    sender: author,
    project: { id: count(draw, 1, 9e8), full_name: `${pick(draw, words)}/${pick(draw, words)}`, private: draw() < 0.5 },
    amount: { value: count(draw, 100, 99_999) / 100, currency: 'EUR' },
    created_at: '2026-11-22T10:00:00Z',
    changes: many(draw, bytes - 300, change),
  };
}

function metricsPayload(draw: Draw, bytes: number): Payload {
  const point = (d: Draw): number[] => [
    1_795_000_000 + count(d, 0, 999_999),
    Math.floor(d() * 1e6) / 1e4,
    pick(d, [0, 1, -7, 0.5, 1e-7, 2.5e15, 1e21, 4_294_967_296, -273.15]),
  ];
  return { unit: '°C', ok: true, mean: draw() * 100, points: many(draw, bytes, point) };
}

/** One within another, up to forty levels. */
function deepPayload(draw: Draw, bytes: number): Payload {
  let inner: Payload = { leaf: many(draw, bytes - 500, (d) => sentence(d, 3)) };
  for (let level = count(draw, 12, 38); level > 0; level -= 1) {
    inner = level % 3 === 0 ? { list: [inner] } : { [`${pick(draw, words)}-${level}`]: inner };
  }
  return inner;
}

/** Many keys in one object. */
function widePayload(draw: Draw, bytes: number): Payload {
  const keys = Math.max(5, Math.floor(bytes / 28));
  return Object.fromEntries(
    Array.from({ length: keys }, (_, at) => [
      `${pick(draw, words)}_${at}`,
      pick(draw, [at, true, null, uuid(draw).slice(9, 18)]),
    ]),
  );
}
