/**
 * A run of the wire fuzz: cases by seed, many at once, each over a connection of its own, and what came back. It looks
 * for a server that ends, an answer of 500, a close of 1011, and for memory, sockets and descriptors that stay.
 */
import { connect } from 'node:net';
import { until } from '../../support/poll.ts';
import { type Found, httpCase, type WireCase } from './wire-requests.ts';
import { socketCase } from './wire-sockets.ts';
import type { Health, WireTarget } from './wire-target.ts';
import { Choices } from './wire-words.ts';

export interface WireRunOptions {
  readonly seed: number;
  /** No case begins later. */
  readonly untilMs: number;
  readonly casesMax: number;
  readonly say: (line: string) => void;
}

export interface WireRun {
  readonly cases: number;
  /** By route, then by what was answered: a status, the code of a close, `cut off`, `silence`. */
  readonly coverage: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Each with the seed of its case. Empty is good. */
  readonly faults: readonly string[];
}

const atOnce = 24;
/** What does not come within this does not come: a stream, a body that is awaited. */
const answerMs = 1_500;
const silenceMs = 40;
const heldMax = 50;
/** Of sockets and files; the engine's connections come and go. */
const descriptorsSlack = 20;
const memorySlackBytes = 150 * 1024 * 1024;
const gauges = [
  'producers',
  'subscribers',
  'answer_bytes',
  'handshakes_waiting',
  'subscriber_buffered_bytes',
  'topics',
];

export async function runWire(target: WireTarget, { seed, untilMs, casesMax, say }: WireRunOptions): Promise<WireRun> {
  const coverage = new Map<string, Map<string, number>>();
  const faults: string[] = [];
  const found: Found = { pageTokens: [], exportTokens: [] };
  const before = await target.look();
  let cases = 0;
  let middle: Health | null = null;
  const startedMs = performance.now();

  async function work(): Promise<void> {
    while (cases < casesMax && performance.now() < startedMs + untilMs && faults.length < 10) {
      const own = seed + cases;
      cases += 1;
      const by = new Choices(own);
      const one = by.chance(0.3) ? socketCase(by, target.secrets) : httpCase(by, target.secrets, found);
      const said = await play(target, one);
      note(coverage, one.route, said.outcome);
      remember(found, said.text);
      const fault = faultOf(said);
      if (fault !== null) faults.push(`case ${own}, ${one.route}: ${fault}`);
      if ((own - seed) % 2_000 === 1_999) await checkIn(own);
    }
  }

  async function checkIn(own: number): Promise<void> {
    const seen = await target.look().catch((error: unknown) => {
      faults.push(`case ${own} or one before: the server is gone (${String(error)})`);
      return null;
    });
    if (seen === null) return;
    if (middle === null && performance.now() > startedMs + untilMs / 2) middle = seen;
    say(`${cases} cases, ${Math.round(seen.residentBytes / 1024 / 1024)} MiB, ${seen.descriptors} descriptors`);
  }

  await Promise.all(Array.from({ length: atOnce }, work));
  faults.push(
    ...(await leaks(target, before, middle).catch((error: unknown) => [`the server is gone: ${String(error)}`])),
  );
  return { cases, coverage, faults };
}

/** What is still there once nobody asks any more. */
async function leaks(target: WireTarget, before: Health, middle: Health | null): Promise<string[]> {
  let last = await target.look();
  const over = (name: string): boolean => (last.metrics.get(name) ?? 0) > (before.metrics.get(name) ?? 0);
  const grown = (): string[] => [
    ...gauges.filter(over).map((name) => `${name} stays at ${last.metrics.get(name)}`),
    ...(last.descriptors > before.descriptors + descriptorsSlack
      ? [`${last.descriptors} descriptors stay, of ${before.descriptors}`]
      : []),
  ];
  await until(
    'all is let go',
    async () => {
      last = await target.look();
      return grown().length === 0 || undefined;
    },
    30_000,
  ).catch(() => undefined);
  const faults = last.metrics.get('faults_total') ?? 0;
  const base = middle?.residentBytes ?? last.residentBytes;
  return [
    ...grown(),
    ...(faults > 0 ? [`the server counts ${faults} faults of its own`] : []),
    ...(last.residentBytes > base + memorySlackBytes
      ? [`memory grew from ${base} to ${last.residentBytes} in the second half`]
      : []),
  ];
}

interface Said {
  /** A status, the code of a close, or how it ended. */
  readonly outcome: string;
  readonly text: string;
}

function play({ url }: WireTarget, { pieces, isUnfinished }: WireCase): Promise<Said> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let bytes = Buffer.alloc(0);
    let isOver = false;
    let silence: NodeJS.Timeout | undefined;
    const limit = setTimeout(finish, answerMs);
    function finish(): void {
      if (isOver) return;
      isOver = true;
      clearTimeout(limit);
      clearTimeout(silence);
      socket.destroy();
      resolve({ outcome: outcomeOf(bytes), text: bytes.toString('latin1') });
    }
    /** After the answer's beginning nothing more is awaited for long. */
    function awaitMore(): void {
      clearTimeout(silence);
      silence = setTimeout(finish, silenceMs);
    }
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      awaitMore();
    });
    socket.on('error', () => undefined);
    socket.on('close', finish);
    socket.on('connect', () => {
      const [first = Buffer.alloc(0), ...rest] = pieces;
      socket.write(first);
      for (const [nth, piece] of rest.entries()) setTimeout(() => isOver || socket.write(piece), (nth + 1) * 3);
      if (isUnfinished) setTimeout(() => bytes.length === 0 && finish(), 10 * silenceMs);
    });
  });
}

/** Of a WebSocket the code of its close, if one came. */
function outcomeOf(bytes: Buffer): string {
  if (bytes.length === 0) return 'silence';
  const [, status = 'no HTTP'] = /^HTTP\/1\.1 (\d{3})/.exec(bytes.toString('latin1', 0, 16)) ?? [];
  const rest = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
  if (status === '100' && rest.length > 0) return outcomeOf(rest);
  return status === '101' ? (closeIn(rest) ?? '101') : status;
}

/** The frames of a server have no mask. */
function closeIn(frames: Buffer): string | null {
  for (let at = 0; at + 2 <= frames.length; ) {
    const short = (frames[at + 1] ?? 0) & 0x7f;
    const head = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (at + head > frames.length) return null;
    const size =
      short === 126 ? frames.readUInt16BE(at + 2) : short === 127 ? Number(frames.readBigUInt64BE(at + 2)) : short;
    if (((frames[at] ?? 0) & 0x0f) === 8) return size < 2 ? '1005' : String(frames.readUInt16BE(at + head));
    at += head + size;
  }
  return null;
}

function faultOf({ outcome, text }: Said): string | null {
  const code = Number(outcome);
  if (outcome === 'no HTTP') return `answered what is no HTTP: ${JSON.stringify(text.slice(0, 100))}`;
  if (code === 1011) return `closed with 1011: ${JSON.stringify(text.slice(-150))}`;
  const isOfServer = code >= 500 && code <= 599;
  if (!isOfServer || isDocumented(code, text)) return null;
  return `answered ${outcome}: ${JSON.stringify(text.slice(0, 300))}`;
}

/** 503 with its reason, and the library's own answer to what is no HTTP/1.1 (docs/PROTOCOL.md, "HTTP"). */
function isDocumented(code: number, text: string): boolean {
  if (code === 505) return text.includes('uWebSockets/20 Server');
  return code === 503 && /\r\n\r\n.+/s.test(text);
}

function note(coverage: Map<string, Map<string, number>>, route: string, outcome: string): void {
  const of = coverage.get(route) ?? new Map<string, number>();
  coverage.set(route, of);
  of.set(outcome, (of.get(outcome) ?? 0) + 1);
}

function remember({ pageTokens, exportTokens }: Found, text: string): void {
  const page = /page-token=([^"&\s]+)/.exec(text)?.[1];
  const exported = /^sluice-export-token: (\S+)/im.exec(text)?.[1];
  if (page !== undefined) keep(pageTokens, decodeURIComponent(page));
  if (exported !== undefined) keep(exportTokens, exported);
}

function keep(kept: string[], token: string): void {
  kept.push(token);
  if (kept.length > heldMax) kept.shift();
}

/** For people: a route a line. */
export function coverageText(coverage: WireRun['coverage']): string {
  return [...coverage]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(
      ([route, of]) =>
        `${route.padEnd(34)} ${[...of]
          .sort()
          .map(([outcome, count]) => `${outcome}: ${count}`)
          .join('  ')}`,
    )
    .join('\n');
}
