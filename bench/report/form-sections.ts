/**
 * The sections that say for which input a figure holds: intake by the form of the JSON, what people ask and send beside
 * the bench's own input, and what `fsync` costs producers that ping after each event.
 */
import { at, entriesOf, itemsOf } from './read-json.ts';
import { picked, type Row, type Section } from './rows.ts';

export const formsSection: Section = {
  key: 'forms',
  title: 'Intake by the form of the JSON',
  text:
    'The figures of "Intake" and of all loads below are of the plain form: compact JSON in the canonical order, ' +
    'ASCII, no escapes, times with six digits and `Z`. Here is the same in other forms, and what JSON writers of ' +
    'eight languages wrote for the same 200 events of 0.3 to 100 kB (`support/corpus/README.md`): log lines, stack ' +
    'traces, many scripts, emoji, webhooks. POSTs of a hundred, in turns within one run; µs of CPU until all can be ' +
    'queried, medians. The ratio is at equal canonical bytes, to the plain event, or to plain twins of the corpus.',
  rows: (found) =>
    entriesOf(at(found, 'sluice', 'forms')).map(([form, run]) => ({
      form,
      ...picked(run, {
        'bytes sent': 'sentBytes',
        'canonical bytes': 'canonicalBytes',
        'µs an event': 'microsPerEvent',
        'µs a kB': 'microsPerKilobyte',
        'times plain': 'ratio',
      }),
      'of the turns': itemsOf(at(run, 'ratios')).join(', '),
    })),
};

export const durabilitySection: Section = {
  key: 'durability',
  title: 'What fsync costs producers that ping after each event',
  text:
    'Two hundred such producers, beside one that pings every 700 events, as stock clients do; the disk as it is, and ' +
    'with syncs that take 2 and 10 ms longer. Live delivery is timed from when an event was due, in ms, by one ' +
    'subscriber. A ping has its socket’s events synced before it is answered, and the loop waits for that.',
  rows: (found) =>
    itemsOf(at(found, 'runs')).map((run) => ({
      ...picked(run, { mode: 'durability', 'sync + ms': 'syncMs', producers: 'how', 'events/s': 'rate' }),
      ...picked(run, { 'acknowledged/s': 'acknowledgedPerSecond' }),
      ...picked(at(run, 'pongs'), { 'pong p50': 'p50', 'pong p99': 'p99' }),
      ...picked(at(run, 'live'), { 'live p50': 'p50', 'live p99': 'p99' }),
      ...picked(run, { missing: 'missing' }),
    })),
};

const lines = (found: unknown): Row[] =>
  entriesOf(at(found, 'lines')).map(([line, one]) => ({
    'what people do': line,
    ...picked(one, { unit: 'unit', figure: 'value', 'beside the published': 'base', its: 'baseValue', ratio: 'ratio' }),
  }));

export const usualSections: readonly Section[] = [
  {
    key: 'usual-questions',
    title: 'What the interfaces ask',
    text:
      'The questions of both interfaces of Prefect’s server, as recorded, beside the published question of their ' +
      'kind on the same set and in the same run. CPU of server and engine for an answer. The beginning of an id ' +
      '(`id_prefix`) has no index: all ids of the range are read (docs/SCALE.md, "What is read where").',
    rows: lines,
  },
  {
    key: 'shapes',
    title: 'Sets of other shapes',
    text:
      'The questions of "Questions at 10 million events" on sets that differ in one thing, beside the usual set of ' +
      'as many events in the same run.',
    rows: lines,
  },
  {
    key: 'sharded',
    title: 'Three shards on one machine',
    text:
      'A million events on three servers of ClickHouse beside the same on one, in the same run. All engines share ' +
      'two cores here: the price of asking three shows, and not what three machines gain.',
    rows: lines,
  },
  {
    key: 'forwarding',
    title: 'What forwarding to Prefect costs intake',
    text:
      'CPU of the server process, µs an event, at 10,000 events a second that the filter holds back and 200 that ' +
      'pass; beside a Sluice that forwards nothing, in turns.',
    rows: (found) => [
      {
        ...picked(at(found, 'microsPerEvent'), { forwarding: 'on', 'not forwarding': 'off' }),
        ...picked(at(found, 'ratio'), { ratio: 'median' }),
        interval: itemsOf(at(found, 'ratio', 'interval')).join(' to '),
        ...picked(found, { 'behind by at most, s': 'lagSecondsMost', forwarded: 'forwarded', repeats: 'repeats' }),
      },
    ],
  },
  {
    key: 'late-events',
    title: 'Events that come late by hours',
    text:
      'When the id window has forgotten ids of those hours, so that ClickHouse is asked whether each is a repeat: ' +
      'the event is written to the journal twice, and asked for. Beside events of now, in turns.',
    rows: lines,
  },
  {
    key: 'usual-loads',
    title: 'Loads that people bring',
    text:
      'Beside the published load in the same run. CPU of the server process. A text filter stands under no key of ' +
      'the index: each different one is tried on each event, some 0.4 µs for an event of 1.1 kB; equal ones once. ' +
      'The cost of a page goes with its bytes: a page of large events costs more, and a MB of it far less.',
    rows: lines,
  },
];
