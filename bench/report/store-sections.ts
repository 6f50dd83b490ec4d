/**
 * The sections that ask the store: counts, pages, backfills, and what a row costs.
 */
import { at, entriesOf, itemsOf, numberAt } from './read-json.ts';
import { picked, type Row, rowWhere, type Section } from './rows.ts';

/** By what the live filters fit. */
const liveKinds: Readonly<Record<string, string>> = {
  own: 'an event live, a thousand filters, one of which fits',
  half: 'an event live, one filter, which fits every other event',
  one: 'an event live, one filter, which fits each',
};

export const storeSections: readonly Section[] = [
  {
    key: 'live-counts',
    title: 'A thousand live counts',
    text:
      'Live delivery of 10,000 events a second to one subscriber: by itself, beside a thousand different counts that ' +
      'stay live, and beside the same counts asked each second. The bystander is a process that takes the cores as ' +
      'the one does that watches live, and asks nothing. The ratio is the median of alternating pairs with and ' +
      'without. Asked each second they are more than the engine answers, and the others are refused.',
    rows: (found) =>
      ['without', 'live', 'bystander', 'polledEachSecond'].map((how) => ({
        counts: how,
        ...picked(at(found, how), {
          'p50, ms': 'p50Ms',
          'p99, ms': 'p99Ms',
          'frames or answers a second': 'framesOrAnswersPerSecond',
          'CPU of the server, s of 7': 'serverCpuSeconds',
          'of the engine': 'engineCpuSeconds',
        }),
        ...rowOf(how, at(found, 'p99Ratio'), at(found, 'p99Ratios')),
      })),
  },
  {
    key: 'live-count-stage',
    title: 'What an event costs the live counts that it changes',
    text: 'µs for an event that changes so many questions at once, and for each frame of them; without a server.',
    rows: (found) =>
      entriesOf(found).map(([questions, run]) => ({
        questions,
        ...picked(run, { 'µs an event': 'microsPerEvent', allowed: 'allowed', 'µs a frame': 'microsPerFrame' }),
      })),
  },
  {
    key: 'move-lines',
    title: 'Import and export',
    text:
      'A million events of 1.1 kB as lines by the command line, until all is durable; beside a load maker and curl, ' +
      'which read and make no lines. CPU in s.',
    rows: (found) =>
      entriesOf(found)
        .filter(([, run]) => numberAt(run, 'eventsPerSecond') !== null)
        .map(([way, run]) => ({
          way,
          ...picked(run, { 'events/s': 'eventsPerSecond', command: 'command', server: 'server', engine: 'engine' }),
        })),
  },
  {
    key: 'fairness',
    title: 'One producer beside a flood',
    text:
      'A producer of 100 events a second that pings after each, alone and beside one that sends as fast as it can, ' +
      'in turns: how long a ping waits. The bare server (uWebSockets.js, which parses each event and does nothing ' +
      'else) has the same turns. The aim is a ratio of 2, which neither has where server and load makers share two ' +
      'cores.',
    rows: (found) =>
      (
        [
          ['Sluice', found],
          ['bare server', at(found, 'bare')],
        ] as const
      ).map(([server, run]) => ({
        server,
        ...picked(at(run, 'aloneMs'), { 'p50 alone, ms': 'p50', 'p99 alone': 'p99' }),
        ...picked(at(run, 'besideAFloodMs'), { 'p50 beside it': 'p50', 'p99 beside it': 'p99' }),
        ...picked(run, { 'ratio of p99': 'p99Ratio', 'events/s of the flood': 'floodPerSecond' }),
        'of the turns': itemsOf(at(run, 'p99Ratios')).join(', '),
      })),
  },
  {
    key: 'forced-filters',
    title: 'Filters that are forced',
    text:
      'What it costs that a token forces a filter: µs an event that is matched live by other filters, without it ' +
      'and how much more with it; and how questions differ from the same ones with that filter as their own, in turns.',
    rows: (found) => [
      ...entriesOf(at(found, 'live')).map(([kind, run]) => ({
        what: liveKinds[kind] ?? kind,
        ...picked(run, { 'µs without': 'micros' }),
        ...picked(at(run, 'moreMicros'), { 'µs more with it': 'median' }),
        ...{ 'ratio of CPU': '', 'ratio of time': '' },
        interval: itemsOf(at(run, 'moreMicros', 'interval')).join(' to '),
      })),
      ...entriesOf(at(found, 'questions')).map(([what, run]) => ({
        what,
        interval: itemsOf(at(run, 'cpuRatio', 'interval')).join(' to '),
        ...picked(at(run, 'cpuRatio'), { 'ratio of CPU': 'median' }),
        ...picked(at(run, 'timeRatio'), { 'ratio of time': 'median' }),
      })),
    ],
  },
  {
    key: 'scale',
    title: 'Questions at 10 million events',
    text:
      'Events over seven days with 5,000 primary resources, through the HTTP server, twenty runs each, ' +
      'in ms. CPU of an answer is of server and engine together: unlike the times, it does not depend on what ' +
      'else the machine does.',
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
    text:
      'Count by resource where each of 10 million events has one of a million primary resources: the ' +
      'worst of the runs.',
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
    text:
      'The same questions over both HTTP servers in turns, medians in ms; "same" is whether both gave ' +
      'the same numbers.',
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
    text:
      'Forty readers by themselves, and beside ten slow ones, in alternating pairs: medians of the time ' +
      'the fast ones took.',
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
    text:
      'Events at a steady rate to a hundred subscribers, without and with clients that count without a ' +
      'pause, in turns; medians of the p99 in ms.',
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

/** Of the row `how`; the one without any has none. */
function rowOf(how: string, medians: unknown, all: unknown): Row {
  const key = how === 'polledEachSecond' ? 'poll' : how;
  return { 'ratio of p99': numberAt(medians, key) ?? '', 'of the pairs': itemsOf(at(all, key)).join(', ') };
}
