/**
 * `npm run agree`: the live predicate, the SQL on a real ClickHouse and the reference of the specification, over every
 * pair of a random filter and a random event (I6). Or the same filters, asked of Sluice and of the real Prefect: they
 * must find the same events, but for the differences that docs/PROTOCOL.md lists.
 */
import fc from 'fast-check';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { insideWindow } from '../../src/filter/parts/occurred.ts';
import { compilePredicate } from '../../src/filter/predicate.ts';
import { filterSql } from '../../src/filter/sql.ts';
import { validateFilter } from '../../src/filter/validate-filter.ts';
import { startTestStore } from '../../support/engine.ts';
import { readOptions, seedOption } from '../../support/script-options.ts';
import { agreeWithPrefect } from './agree-with-prefect.ts';
import { filterFrom, sampleEvents } from './arbitraries.ts';
import { referenceFits } from './reference.ts';
import { rowOf } from './row-of.ts';

const { values } = readOptions({
  name: 'agree',
  about: `The live test, the SQL on a real ClickHouse and the reference of the specification, over every pair
of a random filter and a random event. Prints JSON; exit code 1 if they disagree.`,
  options: {
    filters: { default: 0, says: 'how many', shown: '1000; 300 with --prefect' },
    events: { default: 20_000, says: 'how many' },
    seed: seedOption,
    prefect: { default: false, says: 'asks Sluice and a real Prefect, which must find the same events' },
  },
});
const { seed } = values;
const partRows = 1_000;

interface Disagreement {
  readonly sent: unknown;
  readonly side: 'predicate' | 'sql';
  readonly seqs: readonly number[];
}

async function agree(filters: number, eventCount: number): Promise<boolean> {
  const events = sampleEvents(eventCount, seed);
  const opened = await startTestStore();
  const disagreements: Disagreement[] = [];
  let telling = 0;
  try {
    for (let from = 0; from < events.length; from += partRows) {
      await opened.store.insertRows(Buffer.concat(events.slice(from, from + partRows).map(rowOf)), `part-${from}`);
    }
    // Derived from a few hundred of them: the arbitrary names the events that it chooses from.
    const drawn = fc.sample(filterFrom(events.slice(0, 300)), { numRuns: filters, seed });
    for (const [at, sent] of drawn.entries()) {
      const checked = validateFilter(sent, { loc: [], now: new Date(), openEnded: false });
      if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
      const fits = compilePredicate([checked.value]);
      const { where, params } = filterSql([checked.value]);
      const rows = await opened.store.rows<{ seq: number }>(`SELECT seq FROM events WHERE ${where}`, params);
      const inSql = new Set(rows.map(({ seq }) => seq));
      const differing = { predicate: [] as number[], sql: [] as number[] };
      let hits = 0;
      for (const event of events) {
        const wanted = referenceFits(sent, event);
        if (wanted) hits += 1;
        if (isLive(event, fits, checked.value.occurred) !== wanted) differing.predicate.push(event.seq);
        if (inSql.has(event.seq) !== wanted) differing.sql.push(event.seq);
      }
      for (const side of ['predicate', 'sql'] as const) {
        if (differing[side].length > 0) disagreements.push({ sent, side, seqs: differing[side].slice(0, 5) });
      }
      if (hits > 0 && hits < events.length) telling += 1;
      if (at % 100 === 99) process.stderr.write(`${at + 1} of ${filters} filters\n`);
    }
  } finally {
    await opened.stop();
  }
  const result = {
    seed,
    filters,
    events: eventCount,
    pairs: filters * eventCount,
    someButNotAll: telling,
    disagreements,
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  return disagreements.length === 0 && telling * 2 >= filters;
}

function isLive(
  event: StoredEvent,
  fits: (event: StoredEvent) => boolean,
  occurred: Parameters<typeof insideWindow>[0],
): boolean {
  return fits(event) && insideWindow(occurred, event.body.occurred);
}

const isGood = values.prefect
  ? await agreeWithPrefect(values.filters || 300, seed)
  : await agree(values.filters || 1000, values.events);
process.exit(isGood ? 0 : 1);
