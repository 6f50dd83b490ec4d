/**
 * What docs/PERFORMANCE.md shows: for each case of the bench its rows, and the bars of its plot. A figure that a result
 * does not hold is left out, never filled in.
 */

import { durabilitySection, formsSection, usualSections } from './form-sections.ts';
import { at, entriesOf, itemsOf, numberAt } from './read-json.ts';
import { picked, rowWhere, type Section } from './rows.ts';
import { storeSections } from './store-sections.ts';

const latencyText =
  'From when an event was due to be sent to its delivery, in ms: a late sender and a late server both count ' +
  '(no coordinated omission). ' +
  '"sent" is from when it was written to the socket, "late" the sender itself, on the same two cores. ' +
  'The first second of each run, in which the load makers compile their code, is left out.';

const turnRows: Section['rows'] = (found) =>
  entriesOf(at(found, 'figures')).map(([figure, compared]) => ({
    µs: figure,
    ...picked(compared, { old: 'oldMicros', new: 'newMicros', ratio: 'ratio' }),
    interval: itemsOf(at(compared, 'interval')).join(' to '),
  }));

export const sections: readonly Section[] = [
  {
    key: 'turns',
    title: 'Old and new in turns',
    text:
      'This commit beside an older one, on the same Node: both servers live at once and are loaded in short ' +
      'alternating turns. µs of CPU of the server process (the p99 is of time), medians, and the median of the ' +
      'ratios with the interval that holds it in at least 95 of 100 runs.',
    rows: turnRows,
  },
  {
    key: 'more-turns',
    title: 'More turns of single figures',
    text: 'The same for figures whose interval above is wide, alone and in more pairs.',
    rows: turnRows,
  },
  {
    key: 'turns-before-gateways',
    title: 'A single Sluice in turns with the last commit before gateways',
    text:
      'The same beside the commit before them, in several sittings, some of them on a machine full of other work; ' +
      'two of them were stopped early, and the pairs of all were put together by hand.',
    rows: turnRows,
  },
  {
    key: 'turns-at-many-events',
    title: 'Questions in turns, with many events stored',
    text: 'The same for questions, over many more stored events.',
    rows: (found) => turnRows(found).map((row) => ({ ...row, ...picked(found, { 'events stored': 'events' }) })),
  },
  {
    key: 'ingest',
    title: 'Intake',
    text:
      'Plain events (see the next table) of 1.1 kB for 10 s, as fast as they are taken: over one WebSocket, and in ' +
      'batches of a ' +
      'hundred over HTTP; acknowledged, and then until ClickHouse has all. CPU of the server process alone, table ' +
      'writer included, until all is queryable; the embedded engine is a process of its own.',
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
  formsSection,
  {
    key: 'sustained',
    title: 'Intake that lasts',
    text:
      'One WebSocket at a steady rate for minutes, until all is queryable, with the µs of CPU of each ' +
      'process; of the real Prefect, which drops what it cannot keep up with, the most that it makes queryable at ' +
      'some rates of 20 s each.',
    rows: (found) =>
      entriesOf(found).map(([server, run]) => ({
        server,
        ...picked(run, {
          'offered/s': 'rate',
          sent: 'sent',
          'queryable/s': 'queryablePerSecond',
          lost: 'lost',
          'MB midway': 'residentMbMidway',
          'MB at the end': 'residentMbAtEnd',
        }),
        ...picked(at(run, 'cpuMicrosPerEvent'), {
          'main thread': 'serverMainThread',
          'other threads': 'serverOtherThreads',
          engine: 'engine',
          'load maker': 'loadMaker',
        }),
      })),
  },
  {
    key: 'spread',
    title: 'Fan-out',
    text:
      'Subscribers with a window each, as stock clients send it. CPU of the whole server process, ' +
      'intake and table writer included.',
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
    text:
      'A thousand subscribers; the servers in turns within one run, medians of the turns. The real ' +
      'Prefect: the most it delivers without loss, to 90 subscribers.',
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
        ...picked(at(run, 'latencyFromSendMs'), { 'sent p50': 'p50', 'sent p99': 'p99' }),
        ...picked(at(run, 'senderLateMs'), { 'late p50': 'p50', 'late p99': 'p99' }),
        ...picked(run, { missing: 'missing', 'µs an event': 'microsPerEvent' }),
      })),
  },
  {
    key: 'latency-in-turns',
    title: 'Latency beside its ceiling and its peer',
    text:
      'Events one by one, in ms; the servers in turns within one run, medians of the turns. Sluice with ' +
      'its engine stopped: the others have none. The first second of each run is left out.',
    rows: (found) =>
      itemsOf(at(found, 'loads')).flatMap((load) =>
        entriesOf(at(load, 'servers')).map(([server, run]) => ({
          ...picked(load, { subscribers: 'subscribers', 'events/s': 'rate' }),
          server,
          ...picked(at(run, 'fromDueMs'), { p50: 'p50', p99: 'p99' }),
          ...picked(at(run, 'fromSendMs'), { 'sent p50': 'p50', 'sent p99': 'p99' }),
        })),
      ),
  },
  {
    key: 'lone-deliveries',
    title: 'Deliveries one by one',
    text:
      'A thousand subscribers with a filter each, one match an event, in µs of CPU an event beyond the ' +
      'same events without subscribers. What a delivery by itself costs, bare uWebSockets.js says in turns ' +
      'with Sluice.',
    rows: (found) => [
      picked(found, {
        'the delivery (bare)': 'deliveryMicros',
        'Sluice, delivery included': 'sluiceMicros',
        'beyond the delivery': 'microsBeyondDelivery',
      }),
    ],
  },
  {
    key: 'catch-up',
    title: 'Catching up from the log',
    text:
      'Half of the events match (event name prefix and one label). What a hundred cost beyond their ' +
      'sends, by the fan-out cost of the same run, beside one.',
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
    text: 'In one process, filters of seven kinds, none of them by text; beside testing every filter.',
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
    text:
      'The same events and the same few deliveries; the difference is the matching. All of the server, ' +
      'µs an event, each run.',
    rows: (found) =>
      entriesOf(at(found, 'microsPerEvent')).map(([filters, runs]) => ({
        filters,
        'µs an event': itemsOf(runs).join(', '),
      })),
  },
  {
    key: 'nats',
    title: 'NATS',
    text:
      'nats-server 2.15.1 from PyPI under the same kinds of load: fan-out to its WebSocket port, ' +
      'acknowledged publish into a file stream, its replay.',
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
  ...storeSections,
  ...usualSections,
  durabilitySection,
];
