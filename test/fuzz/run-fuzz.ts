/**
 * The fuzz that looks for time: every field of every message in shapes of a size and of twice that size.
 */
import { batchCases, eventCases, eventWith } from './event-cases.ts';
import { filterCases, listMeetings, type Meeting, meetings, textMeetings } from './filter-cases.ts';
import { asOfNow, bounds, costOf, judge, type Verdict } from './measure.ts';
import { randomText, randomValue, textShapes } from './shapes.ts';
import {
  ask,
  holding,
  joining,
  meet,
  quote,
  readFilter,
  slicesOf,
  takeBody,
  takeMessage,
  textTargets,
} from './targets.ts';

export interface Finding {
  readonly name: string;
  readonly verdict: Verdict;
}

export interface FuzzResult {
  readonly looks: number;
  /** Those of them that have a name; all are `lookCount`. */
  readonly namedLooks: number;
  readonly bad: readonly Finding[];
  /** The dearest messages of 1 MiB. */
  readonly dearest: readonly Finding[];
}

interface Look {
  readonly name: string;
  /** False for work in slices: what it costs in all is no turn's. */
  readonly isWhole: boolean;
  readonly run: () => Verdict | null;
}

const whole = 1024 * 1024 - 512;
/** Of a head: the library takes no more. */
const headSize = 64 * 1024;

const named: readonly Look[] = [
  ...eventCases.flatMap(({ name, of }) => [
    look(`/in ${name}`, of, (text) => bytesOf(text, takeMessage)),
    look(`POST ${name}`, of, (text) => bytesOf(`[${text}]`, takeBody), 'growth'),
    {
      name: `POST ${name}, its longest step`,
      isWhole: true,
      run: () => longestStep(Buffer.from(`[${of(whole)}]`), bounds.messageMs),
    },
  ]),
  ...batchCases.flatMap(({ name, of }) => [
    {
      name: `POST ${name}, its longest step`,
      isWhole: true,
      run: () => longestStep(Buffer.from(of(5 * whole)), bounds.stepMs),
    },
    look(`POST ${name}`, of, (text) => bytesOf(text, takeBody), 'growth'),
  ]),
  ...filterCases.flatMap(({ name, of }) => [
    look(`/out ${name}`, of, (text) => () => void readFilter(text)),
    look(`/out ${name}, held`, of, holding),
    look(`/out ${name}, joined`, of, joining),
    look(`filter ${name}`, of, (text) => () => ask(text)),
    look(`filter ${name}, quoted`, of, (text) => () => quote(text), 'growth'),
  ]),
  ...[...meetings, ...textMeetings, ...listMeetings].map(meetingLook),
  ...textTargets.flatMap(([target, run]) => {
    const isHead =
      target.startsWith('a query') ||
      target.startsWith('a filter in') ||
      target.startsWith('a content') ||
      target === 'a path';
    return textShapes.map((shape) =>
      look(
        `${target} ${shape.name}`,
        (size) => shape.of(isHead ? (size * headSize) / whole : size),
        (json) => {
          const text = JSON.parse(json) as string; // the shapes of texts are JSON strings
          return () => run(text);
        },
      ),
    );
  }),
];

/** Those with names, in an order of the seed, and random ones between; as many as there is time for. */
export function runFuzz(
  random: () => number,
  options: { readonly ms: number; readonly say?: (line: string) => void },
): FuzzResult {
  const endMs = performance.now() + options.ms;
  const bad: Finding[] = [];
  let dearest: Finding[] = [];
  let looks = 0;
  const waiting = shuffled(named, random);
  while (performance.now() < endMs) {
    const next = looks % 4 === 3 ? randomLook(random) : (waiting.pop() ?? randomLook(random));
    const verdict = next.run();
    looks += 1;
    if (verdict === null) continue;
    const finding = { name: next.name, verdict };
    if (!verdict.isGood) {
      bad.push(finding);
      options.say?.(sentence(finding));
    }
    if (next.isWhole) dearest.push(finding);
    if (dearest.length > 200) dearest = top(dearest, 20);
  }
  return { looks, namedLooks: named.length - waiting.length, bad, dearest: top(dearest, 20) };
}

export const lookCount = named.length;

export function sentence({ name, verdict: { ms, growth: times } }: Finding): string {
  return `${name}: ${ms.toFixed(1)} ms, × ${times.toFixed(2)}`;
}

/** `judged`: of work that is done in slices only the growth counts. */
function look(
  name: string,
  of: (size: number) => string,
  prepare: (text: string) => (() => void) | null,
  judged: 'all' | 'growth' = 'all',
): Look {
  return {
    name,
    isWhole: judged === 'all',
    run() {
      return judge((size) => prepare(of(size)), whole, judged);
    },
  };
}

function meetingLook(meeting: Meeting): Look {
  return {
    name: `live: ${meeting.name}`,
    isWhole: true,
    run() {
      return judge((size) => meet(meeting, size), whole, 'all');
    },
  };
}

function randomLook(random: () => number): Look {
  const text = randomText(random);
  const value = random() < 0.5 ? text : randomValue(random);
  const field = ['occurred', 'event', 'resource', 'related', 'payload', 'id', 'follows'][Math.floor(random() * 7)]!;
  const pick = Math.floor(random() * 4);
  if (pick === 0)
    return look(
      `/in ${field}: ${value.name}`,
      (size) => eventWith(field, value.of(size)),
      (json) => bytesOf(json, takeMessage),
    );
  if (pick === 1)
    return look(
      `POST ${field}: ${value.name}`,
      (size) => `[${eventWith(field, value.of(size))}]`,
      (json) => bytesOf(json, takeBody),
      'growth',
    );
  if (pick === 2)
    return look(
      `filter event.name: ${value.name}`,
      (size) => `{"event":{"name":${value.of(size)}}}`,
      (json) => () => ask(json),
    );
  const glob = randomText(random);
  return meetingLook({
    name: `${glob.name} as a glob, on ${text.name}`,
    filter: () => `{"resource":{"labels":{"l":${glob.of(4000)}}}}`,
    event: (size) => ({ label: JSON.parse(text.of(size)) as string }), // a JSON string
  });
}

function bytesOf(text: string, run: (bytes: Buffer) => void): () => void {
  const bytes = Buffer.from(text);
  return () => run(bytes);
}

/** The longest of all steps in which a body is judged; of one event more may be one step. */
function longestStep(body: Buffer, boundMs: number): Verdict {
  let ms = Number.POSITIVE_INFINITY;
  let stepMs = boundMs;
  for (let round = 0; round < 3 && ms > stepMs; round += 1) {
    if (round > 0) stepMs = asOfNow(boundMs);
    const step = slicesOf(body);
    let longest = 0;
    for (let isOver = false; !isOver; ) {
      longest = Math.max(
        longest,
        costOf(() => {
          isOver = step();
        }),
      );
    }
    ms = Math.min(ms, longest);
  }
  return { ms, growth: 1, isGood: ms <= stepMs };
}

function top(findings: readonly Finding[], count: number): Finding[] {
  return [...findings].sort((one, other) => other.verdict.ms - one.verdict.ms).slice(0, count);
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const copy = [...items];
  for (let at = copy.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [copy[at], copy[other]] = [copy[other]!, copy[at]!];
  }
  return copy;
}
