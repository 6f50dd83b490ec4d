/**
 * Whether the time that a wrong token takes says how much of its hash is right: 100,000 tokens, each of whose hashes
 * shares 0 to 31 bytes with the one that is kept, in any order. Beside it a comparison that stops at the first byte
 * that differs, which must show what this way of measuring can see.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noLimits } from '../src/access/identity.ts';
import { makeToken } from '../src/access/made-token.ts';
import { openTokenBook } from '../src/access/token-book.ts';
import { changeTokens } from '../src/access/token-file.ts';
import type { TokenRecord } from '../src/access/token-record.ts';
import { createLog } from '../src/base/log.ts';
import { repositoryRoot } from '../support/peers/sluice.ts';
import { randomFrom } from '../support/random.ts';
import { readOptions } from '../support/script-options.ts';
import { pointsOf } from './report/points.ts';
import { median, round } from './target.ts';

const tokensMax = 100_000;
const hashBytes = 32;
/** Of the times, the slowest tenth: what the machine did besides. */
const keptShare = 0.9;
const rounds = 3;

interface Wrong {
  readonly token: string;
  readonly shared: number;
  readonly kept: Buffer;
  readonly record: TokenRecord;
}

interface Trend {
  /** ns for each byte that is shared. */
  readonly slope: number;
  /** That holds it in 95 of 100 runs. */
  readonly interval: readonly [number, number];
  /** µs, by how many bytes are shared. */
  readonly medians: readonly number[];
}

function wrongToken(nth: number): Wrong {
  const { id, token } = makeToken();
  const shared = nth % hashBytes;
  const kept = createHash('sha256').update(token).digest();
  kept.writeUInt8((kept[shared] ?? 0) ^ 0xff, shared);
  const record: TokenRecord = {
    ...{ id, name: id, hash: kept.toString('hex'), rights: ['read'], filter: null, label: null, limits: noLimits },
    ...{ made: '2026-01-01T00:00:00.000Z', expires: null, revoked: null },
  };
  return { token, shared, kept, record };
}

/** The comparison that must not be. */
function isSameUntilItDiffers(token: string, kept: Buffer): boolean {
  const given = createHash('sha256').update(token).digest();
  for (let at = 0; at < hashBytes; at += 1) if (given[at] !== kept[at]) return false;
  return true;
}

function trendOf(wrong: readonly Wrong[], isRight: (one: Wrong) => boolean): Trend {
  const random = randomFrom(1);
  const times = new Float64Array(wrong.length * rounds);
  const shared = new Uint8Array(times.length);
  for (const one of wrong.slice(0, 20_000)) isRight(one);
  for (let nth = 0; nth < times.length; nth += 1) {
    const one = wrong[Math.floor(random() * wrong.length)]!;
    const before = process.hrtime.bigint();
    const said = isRight(one);
    times[nth] = Number(process.hrtime.bigint() - before);
    shared[nth] = one.shared;
    if (said) throw new Error('A wrong token was taken');
  }
  const limit = [...times].sort((one, other) => one - other)[Math.floor(times.length * keptShare)] ?? 0;
  const kept = [...times.keys()].filter((nth) => times[nth]! <= limit);
  const points = kept.map((nth) => [shared[nth]!, times[nth]!] as const);
  const medians = Array.from({ length: hashBytes }, (_, bytes) =>
    round(median(points.filter(([x]) => x === bytes).map(([, y]) => y)) / 1000, 3),
  );
  return { ...lineThrough(points), medians };
}

/** By least squares. */
function lineThrough(points: readonly (readonly [x: number, y: number])[]): Pick<Trend, 'slope' | 'interval'> {
  const count = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count;
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const left = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  const half = 1.96 * Math.sqrt(left / (count - 2) / spread);
  return { slope: round(slope, 3), interval: [round(slope - half, 3), round(slope + half, 3)] };
}

async function main(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-timing-'));
  try {
    const wrong = Array.from({ length: tokensMax }, (_, nth) => wrongToken(nth));
    await changeTokens(folder, () => wrong.map(({ record }) => record));
    const book = openTokenBook(folder, createLog('silent'));
    const ours = trendOf(wrong, ({ token }) => book.find(token) !== null);
    const control = trendOf(wrong, ({ token, kept }) => isSameUntilItDiffers(token, kept));
    book.close();
    const isFlat = ours.interval[0] <= 0 && ours.interval[1] >= 0;
    const isSeen = control.interval[0] > 0;
    const svg = pointsOf('A wrong token: median µs, by how many bytes of its hash are right', 'bytes that are right', [
      {
        name: `Sluice: ${ours.slope} ns a byte (${ours.interval.join(' to ')})`,
        color: '#3b7dd8',
        values: ours.medians,
      },
      {
        name: `a comparison that stops early: ${control.slope} ns a byte (${control.interval.join(' to ')})`,
        ...{ color: '#c0504d', values: control.medians },
      },
    ]);
    writeFileSync(join(repositoryRoot(), 'docs', 'performance', 'token-timing.svg'), svg);
    process.stdout.write(
      `${JSON.stringify({ tokens: tokensMax, samples: tokensMax * rounds, isFlat, isSeen, ours, control })}\n`,
    );
    return isFlat && isSeen ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

readOptions({
  name: 'token-timing',
  about: `Whether the time that a wrong token takes says how much of its hash is right: exit code 1 if it does.
Draws docs/performance/token-timing.svg.`,
  options: {},
});
process.exitCode = await main();
