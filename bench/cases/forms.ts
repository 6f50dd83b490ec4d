/**
 * Intake by form: what an event costs the server's process in each form that its JSON can have, beside the plain form,
 * in turns within one run. The ratios are at equal canonical bytes: a writer's white space and escapes are its cost.
 */
import { finishRaw } from '../../src/event-text/canonical.ts';
import { readMessage } from '../../src/event-text/read-events.ts';
import { readCorpus } from '../../support/corpus/corpus.ts';
import { randomFrom } from '../../support/random.ts';
import { type EventForm, eventForms } from '../load/event-forms.ts';
import { startLoad } from '../load/load-maker.ts';
import type { PostFormOptions, PostFormReport } from '../load/post-form.ts';
import { type BenchTarget, freshNames, loadOptions, median, round } from '../target.ts';
import { cpuOf, untilDrained } from './own-server.ts';

const turns = 5;
const batch = 100;
/** So many canonical bytes are sent of each form in a turn. */
const turnBytes = 4_000_000;
const deadlineMs = 60_000;

interface Sizes {
  readonly sentBytes: number;
  readonly canonicalBytes: number;
}

/** µs of CPU until all is in ClickHouse, the table writer's share included; medians of the turns. */
export async function forms(target: BenchTarget): Promise<object> {
  if (target.pid === undefined) return { skipped: 'The process of the server is not known' };
  const pid = target.pid;
  const all = eventForms().map((form) => ({ form, sizes: sizesOf(form), micros: [] as number[] }));
  for (let turn = -1; turn < turns; turn += 1) {
    for (const { form, sizes, micros } of shuffled(all, turn)) {
      const events = batch * Math.ceil(turnBytes / sizes.canonicalBytes / batch);
      const spent = await post(target, pid, form.name, events);
      if (turn >= 0) micros.push(spent); // The first turn warms up.
    }
  }
  const perByte = new Map(
    all.map(({ form, sizes, micros }) => [form.name, micros.map((one) => one / sizes.canonicalBytes)]),
  );
  return {
    turns,
    batch,
    shares: sharesOfKinds(),
    forms: Object.fromEntries(
      all.map(({ form, sizes, micros }) => [
        form.name,
        {
          ...sizes,
          microsPerEvent: round(median(micros)),
          microsPerKilobyte: round(median(perByte.get(form.name) ?? []) * 1000),
          base: form.base,
          ...ratioOf(perByte.get(form.name) ?? [], perByte.get(form.base) ?? []),
        },
      ]),
    ),
  };
}

/** What is loaded before may cost what comes behind it: so each turn has an order of its own. */
function shuffled<Item>(items: readonly Item[], turn: number): Item[] {
  const random = randomFrom(turn + turns);
  const places = items.map((item) => ({ item, place: random() }));
  return places.toSorted((one, other) => one.place - other.place).map(({ item }) => item);
}

async function post(target: BenchTarget, pid: number, form: string, events: number): Promise<number> {
  const { idPrefix } = freshNames();
  const options: PostFormOptions = { ...loadOptions(target), idPrefix, form, events, batch };
  const load = startLoad<PostFormReport>('post-form', options, deadlineMs);
  await load.ready;
  const { cpu } = await cpuOf(pid, async () => {
    await load.finished;
    await untilDrained(target);
  });
  return (cpu * 1e6) / events;
}

/** Of an event of the form, means. */
function sizesOf(form: EventForm): Sizes {
  const texts = form.texts();
  const canonical = texts.map((text) => {
    const read = readMessage(text);
    if (!read.ok) throw new Error(`${form.name}: ${read.reason}`);
    return Buffer.byteLength(finishRaw(read.event, '2026-11-22T10:00:00.123456Z'));
  });
  const mean = (values: readonly number[]): number =>
    Math.round(values.reduce((sum, one) => sum + one, 0) / values.length);
  return { sentBytes: mean(texts.map(({ length }) => length)), canonicalBytes: mean(canonical) };
}

/** The median of the turns' ratios, and the least and the most of them. */
function ratioOf(values: readonly number[], base: readonly number[]): { ratio: number; ratios: readonly number[] } {
  const ratios = values.map((value, turn) => value / (base[turn] ?? Number.NaN));
  return {
    ratio: round(median(ratios)),
    ratios: ratios.toSorted((one, other) => one - other).map((one) => round(one)),
  };
}

/** How many of the corpus' events are of each kind. */
function sharesOfKinds(): Readonly<Record<string, number>> {
  const { kinds } = readCorpus();
  return Object.fromEntries(
    [...new Set(kinds)].map((kind) => [kind, kinds.filter((one) => one === kind).length / kinds.length]),
  );
}
