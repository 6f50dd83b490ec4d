/**
 * What docs/PERFORMANCE.md shows: for each case of the bench its rows, and the bars of its plot. A figure that a result does not
 * hold is left out, never filled in.
 */

import { at, entriesOf, itemsOf, numberAt } from './read-json.ts';

/** A row of a table: by column. */
export type Row = Readonly<Record<string, string | number>>;

export interface Section {
  /** The key under which a result holds the case. */
  readonly key: string;
  /** Whether a result of that case is one for this section; without it each is. */
  fits?(found: unknown): boolean;
  readonly title: string;
  readonly text: string;
  rows(found: unknown): readonly Row[];
  /** The column that names a bar, and the one that is its length. */
  readonly plot?: { readonly name: string; readonly value: string; readonly unit: string };
}

const latencyText =
  'From when an event was due to be sent to its delivery, in ms: a late sender and a late server both count (no coordinated omission). ' +
  '"late" is the sender itself, on the same two cores.';

export const sections: readonly Section[] = [
  {
    key: 'ingest',
    title: 'Intake',
    text: 'Events of 1.1 kB for 5 s, as fast as they are taken: over four WebSockets, and in batches of a hundred over HTTP; acknowledged, and then until ClickHouse has all. CPU of the server process alone, table writer included, until all is queryable; the embedded engine is a process of its own.',
    rows: (found) =>
      entriesOf(found).flatMap(([server, ways]) =>
        entriesOf(ways).map(([way, run]) => ({
          server,
          way,
          ...picked(run, {
            'acknowledged/s': 'acknowledgedPerSecond',
            'queryable/s': 'queryablePerSecond',
            lost: 'lost',
          }),
          'µs an event': numberAt(run, 'cpuMicrosPerEvent', 'server') ?? numberAt(run, 'serverCpuMicrosPerEvent') ?? '',
        })),
      ),
  },
  {
    key: 'spread',
    title: 'Fan-out',
    text: 'Subscribers with a window each, as stock clients send it. CPU of the whole server process, intake and table writer included.',
    rows: (found) =>
      entriesOf(found).map(([load, run]) => ({
        load,
        ...picked(run, {
          subscribers: 'subscribers',
          'deliveries/s': 'deliveriesPerSecond',
          'µs a delivery': 'microsPerDelivery',
          'µs an event': 'microsPerEvent',
          missing: 'missing',
          'out of order': 'wrong',
        }),
      })),
    plot: { name: 'load', value: 'µs a delivery', unit: 'µs of CPU a delivery' },
  },
  {
    key: 'side-by-side',
    title: 'Fan-out beside its ceiling and its peers',
    text: 'A thousand subscribers; the servers in turns within one run, medians of the turns. The real Prefect: the most it delivers without loss, to 90 subscribers.',
    rows: (found) => [
      ...['as fast as all follow', 'bursts of 20'].flatMap((load) =>
        entriesOf(at(found, 'fanOut', load)).map(([server, run]) => ({
          load,
          server,
          ...picked(run, { 'deliveries/s': 'deliveriesPerSecond', 'µs a delivery': 'microsPerDelivery' }),
        })),
      ),
      ...rowWhere(numberAt(found, 'prefect', 'bestLosslessPerSecond'), (best) => ({
        load: 'the most without loss',
        server: 'Prefect 3.8.8',
        'deliveries/s': best,
        'µs a delivery': '',
      })),
      ...entriesOf(at(found, 'fanOut', 'intakeMicrosPerEvent')).map(([server, micros]) => ({
        load: 'intake, µs an event',
        server,
        'deliveries/s': '',
        'µs a delivery': typeof micros === 'number' ? micros : '',
      })),
    ],
  },
  {
    key: 'kernel-send',
    title: "The kernel's floor",
    text: 'The bytes of a frame to each of a thousand sockets, twenty frames a write, by plain Node sockets.',
    rows: (found) => [
      picked(found, { sockets: 'sockets', 'bytes a frame': 'frameBytes', 'µs a frame': 'microsPerFrame' }),
    ],
  },
  {
    key: 'latency',
    title: 'Latency',
    text: latencyText,
    rows: (found) =>
      itemsOf(found).map((run) => ({
        ...picked(run, { 'events/s': 'rate', subscribers: 'subscribers', engine: 'engine' }),
        ...picked(at(run, 'latencyMs'), { p50: 'p50', p99: 'p99', max: 'max' }),
        ...picked(at(run, 'senderLateMs'), { 'late p50': 'p50', 'late p99': 'p99' }),
        ...picked(run, { missing: 'missing', 'µs an event': 'microsPerEvent' }),
      })),
  },
  {
    key: 'catch-up',
    title: 'Catching up from the log',
    text: 'Half of the events match (event name prefix and one label). What a hundred cost beyond their sends, by the fan-out cost of the same run, beside one.',
    rows: (found) => [
      picked(found, {
        events: 'events',
        'read/s, one subscriber': 'readPerSecond',
        'µs an event read': 'microsPerEventRead',
        'µs a live delivery': 'fanOutMicrosPerDelivery',
        'beyond sends, one (s)': 'cpuBeyondSendsOfOne',
        'beyond sends, a hundred (s)': 'cpuBeyondSendsOfHundred',
        ratio: 'ratio',
      }),
    ],
  },
  {
    key: 'idle',
    title: 'Idle subscribers',
    text: 'Authenticated, filter set. Resident memory of the server process, after minus before.',
    rows: (found) => [
      picked(found, {
        subscribers: 'subscribers',
        'bytes each': 'bytesPerSubscriber',
        'accepted/s': 'acceptedPerSecond',
        'µs an accept': 'microsPerAccept',
      }),
    ],
  },
  {
    key: 'filter-index',
    title: 'Finding the filters of an event',
    text: 'In one process, filters of seven kinds; beside testing every filter.',
    rows: (found) =>
      entriesOf(found).map(([filters, run]) => ({
        filters,
        ...picked(run, {
          'µs an event': 'microsPerEvent',
          'naive µs': 'naiveMicrosPerEvent',
          'µs to add one': 'addMicros',
        }),
      })),
  },
  {
    key: 'distinct-filters',
    title: 'Different filters on live sockets',
    text: 'The same events and the same few deliveries; the difference is the matching. All of the server, µs an event, each run.',
    rows: (found) =>
      entriesOf(at(found, 'microsPerEvent')).map(([filters, runs]) => ({
        filters,
        'µs an event': itemsOf(runs).join(', '),
      })),
  },
  {
    key: 'nats',
    title: 'NATS',
    text: 'nats-server 2.15.1 from PyPI under the same kinds of load: fan-out to its WebSocket port, acknowledged publish into a file stream, its replay.',
    rows: (found) =>
      [
        ...entriesOf(at(found, 'fanOut')),
        ['publish', at(found, 'publish')] as const,
        ['replay', at(found, 'replay')] as const,
      ].map(([load, run]) => ({
        load,
        ...picked(run, { 'a second': 'deliveriesPerSecond', 'µs each': 'microsPerDelivery', missing: 'missing' }),
      })),
  },
  {
    key: 'soak',
    title: 'Soak',
    text: 'Fifty subscribers of ten filters, queries beside it.',
    rows: (found) => [
      picked(found, {
        minutes: 'minutes',
        'events/s': 'rate',
        sent: 'sent',
        queryable: 'queryable',
        deliveries: 'deliveries',
        missing: 'missing',
        'books balance': 'booksBalance',
        'MB a minute': 'residentMbPerMinute',
        'p99 last / first': 'p99Ratio',
      }),
    ],
  },
  {
    key: 'scale',
    title: 'Questions at 10 million events',
    text: 'Events over seven days with 5,000 primary resources, through the HTTP server, twenty runs each, in ms. CPU of an answer is of server and engine together: unlike the times, it does not depend on what else the machine does.',
    fits: (found) => isSet(found, 10_000_000, 5_000),
    rows: questionRows,
  },
  {
    key: 'scale',
    title: 'Questions at 100 million events',
    text: 'As above, ten times as many.',
    fits: (found) => isSet(found, 100_000_000, 5_000),
    rows: questionRows,
  },
  {
    key: 'scale',
    title: 'A million groups',
    text: 'Count by resource where each of 10 million events has one of a million primary resources: the worst of the runs.',
    fits: (found) => isSet(found, 10_000_000, 'runs'),
    rows: (found) => [
      picked(at(found, 'questions', 'count-by resource, 10⁶ of them'), {
        'first byte, s': 'firstByteSeconds',
        'whole, s': 'wholeSeconds',
        MB: 'megabytes',
        'Node grew by MB': 'rssGrowthMb',
      }),
    ],
  },
  {
    key: 'beside-prefect',
    title: 'The same million events in the real Prefect',
    text: 'The same questions over both HTTP servers in turns, medians in ms; "same" is whether both gave the same numbers.',
    rows: (found) =>
      entriesOf(at(found, 'questions')).map(([question, run]) => ({
        question,
        ...picked(run, {
          sluice: 'sluiceMs',
          prefect: 'prefectMs',
          'times as fast': 'factor',
          target: 'factorTarget',
          same: 'isSame',
        }),
      })),
  },
  {
    key: 'backfill',
    title: 'Backfill',
    text: 'History through one `/out` socket; median of the reads, memory of the worst.',
    rows: (found) =>
      entriesOf(found).map(([server, run]) => ({
        server,
        ...picked(run, {
          events: 'events',
          'events/s': 'eventsPerSecond',
          'first event, ms': 'firstEventMs',
          'grew by MB': 'residentGrowthMb',
        }),
      })),
  },
  {
    key: 'backfill-many',
    title: 'Backfills beside slow readers',
    text: 'Forty readers by themselves, and beside ten slow ones, in alternating pairs: medians of the time the fast ones took.',
    rows: (found) =>
      entriesOf(found).map(([server, run]) => ({
        server,
        ...picked(run, {
          events: 'events',
          'alone, s': 'secondsAlone',
          'beside slow ones, s': 'secondsBesideSlow',
          ratio: 'ratio',
        }),
      })),
  },
  {
    key: 'commit',
    title: 'What durability costs',
    text: 'The commit within the CPU of intake, in both modes, by the events of a group.',
    rows: (found) =>
      entriesOf(at(found, 'sluice')).flatMap(([mode, groups]) =>
        entriesOf(groups).map(([group, run]) => ({
          mode,
          group,
          ...picked(run, {
            'intake µs an event': 'intakeMicros',
            'commit µs an event': 'commitMicros',
            share: 'commitShare',
            'commit p99, ms': 'commitMsP99',
          }),
        })),
      ),
  },
  {
    key: 'heavy-counts',
    title: 'Live delivery beside heavy counts',
    text: 'Events at a steady rate to a hundred subscribers, without and with clients that count without a pause, in turns; medians of the p99 in ms.',
    rows: (found) => [
      picked(found, {
        'events/s': 'rate',
        clients: 'clients',
        'p99 quiet': 'p99Quiet',
        'p99 counted': 'p99Counted',
        ratio: 'ratio',
        refused: 'refused',
        missing: 'missing',
        exact: 'isExact',
      }),
    ],
  },
  {
    key: 'engine-cpu',
    title: 'What the engine pays for a row',
    text: 'CPU of ClickHouse at a steady rate, indexes, projections and merges included, until it is calm again.',
    rows: (found) => [
      picked(found, {
        minutes: 'minutes',
        'events/s': 'rate',
        'µs a row': 'engineMicrosPerEvent',
        'of that late merges': 'lateMergesMicrosPerEvent',
        calm: 'isCalm',
        lost: 'lost',
      }),
    ],
  },
];

function isSet(found: unknown, events: number, resources: number | 'runs'): boolean {
  const set = at(found, 'loaded', 'set');
  return at(set, 'events') === events && at(set, 'resources') === resources;
}

/** With the ratio of a page far back to one at the beginning. */
function questionRows(found: unknown): Row[] {
  const questions = entriesOf(at(found, 'questions'));
  const ratio = numberAt(found, 'questions', 'paging', 'ratioOfMedians');
  return [
    ...questions.flatMap(([question, run]) =>
      rowWhere(numberAt(run, 'p95'), () => ({
        question,
        ...picked(run, { p50: 'p50', p95: 'p95', target: 'targetMs', 'CPU ms': 'cpuMs' }),
      })),
    ),
    ...rowWhere(ratio, (value) => ({
      question: 'page 10,000 against page 2, ratio of medians',
      p50: value,
      p95: '',
      target: numberAt(found, 'questions', 'paging', 'ratioTarget') ?? '',
      'CPU ms': '',
    })),
  ];
}

function rowWhere(value: number | null, row: (value: number) => Row): Row[] {
  return value === null ? [] : [row(value)];
}

/** The fields by their column's name. */
function picked(value: unknown, columns: Readonly<Record<string, string>>): Row {
  const cells = Object.entries(columns).map(([column, field]) => [column, cellOf(at(value, field))] as const);
  return Object.fromEntries(cells);
}

function cellOf(value: unknown): string | number {
  if (typeof value === 'number' || typeof value === 'string') return value;
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : '';
}
