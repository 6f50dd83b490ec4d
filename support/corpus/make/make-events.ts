/**
 * Writes the two hundred events of the corpus as one JSON file that each writer's program reads:
 * `node --import ./support/run-ts.mjs support/corpus/make/make-events.ts FILE`. The same seed gives the same file.
 */
import { writeFileSync } from 'node:fs';
import { randomFrom } from '../../random.ts';
import { chinese, count, type Draw, european, pick, uuid, words } from './fragments.ts';
import { type Kind, kinds, type Payload } from './payloads.ts';

export interface MadeEvent {
  /** UTC with microseconds: `2026-11-22T10:00:00.000000Z`. */
  readonly occurred: string;
  readonly event: string;
  readonly resource: Readonly<Record<string, string>>;
  readonly related: readonly Readonly<Record<string, string>>[];
  readonly payload: Payload;
  readonly id: string;
  readonly follows: string | null;
}

export interface Made {
  readonly kind: string;
  readonly event: MadeEvent;
}

const seed = 17;
/** Bytes of an event, about, and how many in two hundred have so many. */
const sizes = [
  { bytes: 300, events: 78 },
  { bytes: 1_000, events: 100 },
  { bytes: 10_000, events: 20 },
  { bytes: 100_000, events: 2 },
];

export function makeEvents(): Made[] {
  const draw = randomFrom(seed);
  const all = shuffled(
    draw,
    kinds.flatMap((kind) => Array.from({ length: kind.events }, () => kind)),
  );
  const bytes = sizes.flatMap((size) => Array.from({ length: size.events }, () => size.bytes));
  return all.map((kind, at) => ({ kind: kind.name, event: makeEvent(draw, kind, bytes[at] ?? 0, at) }));
}

function makeEvent(draw: Draw, kind: Kind, bytes: number, at: number): MadeEvent {
  const name = kind.name === 'script' ? pick(draw, [...chinese, ...european]) : pick(draw, words);
  const related = Array.from({ length: count(draw, 0, 3) }, (_, nth) => ({
    'prefect.resource.id': `corpus.${pick(draw, words)}.${nth}`,
    'prefect.resource.role': pick(draw, ['owner', 'flow', 'tag']),
  }));
  const micros = pick(draw, [0, count(draw, 0, 999) * 1000, count(draw, 0, 999_999), count(draw, 0, 999_999)]);
  const second = String(count(draw, 0, 59)).padStart(2, '0');
  return {
    occurred: `2026-11-22T10:${String(at % 60).padStart(2, '0')}:${second}.${String(micros).padStart(6, '0')}Z`,
    event: `corpus.${kind.name}.${pick(draw, words)}`,
    resource: {
      'prefect.resource.id': `corpus.${pick(draw, words)}.${at}`,
      'prefect.resource.name': name,
      region: pick(draw, ['eu-west', 'us-east', 'ap-east']),
    },
    related,
    payload: kind.make(draw, bytes - 300),
    id: uuid(draw),
    follows: draw() < 0.1 ? uuid(draw) : null,
  };
}

function shuffled<Item>(draw: Draw, items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, rank: draw() }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ item }) => item);
}

const [file] = process.argv.slice(2);
if (file !== undefined) writeFileSync(file, JSON.stringify(makeEvents()));
