/** What `sluice top` shows of two looks at a server. */

import { visible } from '../../client/src/visible.ts';
import type { ListedConnection } from '../../schemas/connection-list.ts';
import { tableText } from '../out/table.ts';
import { cutTo } from '../out/text-line.ts';
import type { Terminal } from '../terminal.ts';

export interface Look {
  readonly atMs: number;
  /** As `/api/ready?verbose=1` answers. */
  readonly state: {
    readonly message: string;
    readonly store: { readonly phase: string; readonly version: string | null };
    readonly head: number;
    readonly pending: number;
    readonly lagSeconds: number | null;
    readonly epochBook: { readonly stored: number; readonly deadLettered: number; readonly pending: number };
    readonly topics: number;
    readonly liveSubscribers: number;
    readonly laggingSubscribers: number;
    readonly bufferedBytes: { readonly sum: number };
    readonly journalBytes: number;
    readonly residentBytes: number;
    readonly loopDelaySeconds: { readonly p99: number };
    readonly books: {
      readonly parsed: number;
      readonly deduped: number;
      readonly refused: Readonly<Record<string, number>>;
      readonly delivered: number;
      readonly inserted: number;
    };
    readonly edge: { readonly connections: number; readonly producers: number; readonly subscribers: number };
  };
  readonly connections: readonly ListedConnection[];
}

/** Of the lines that are not connections. */
const fixedLines = 10;

/** At most `rows` lines; the connections with most to wait for come first. */
export function drawTop(before: Look, now: Look, terminal: Terminal, rows: number): string[] {
  const { colors, columns } = terminal;
  const seconds = (now.atMs - before.atMs) / 1000;
  const rate = (of: (look: Look) => number): string => number(Math.max(0, of(now) - of(before)) / seconds);
  const { state } = now;
  const { books, edge, epochBook, store } = state;
  const refused = (look: Look): number => Object.values(look.state.books.refused).reduce((sum, each) => sum + each, 0);
  const isWell = state.message === 'OK' && store.phase === 'ready';
  const facts = [
    [
      'in',
      `${rate((look) => look.state.books.parsed)}/s`,
      `repeats ${number(books.deduped)}, refused ${number(refused(now))}`,
    ],
    [
      'out',
      `${rate((look) => look.state.books.delivered)}/s`,
      `${number(state.topics)} topics, ${size(state.bufferedBytes.sum)} wait`,
    ],
    [
      'stored',
      `${rate((look) => look.state.books.inserted)}/s`,
      `${number(state.pending)} pending, ${lag(state.lagSeconds)} behind`,
    ],
    [
      'books',
      number(epochBook.stored),
      `stored, ${number(epochBook.deadLettered)} dead-lettered, ${number(epochBook.pending)} pending`,
    ],
    ['peers', number(edge.connections), peersOf(state)],
    [
      'process',
      size(state.residentBytes),
      `journal ${size(state.journalBytes)}, event loop late ${(1000 * state.loopDelaySeconds.p99).toFixed(1)} ms (p99)`,
    ],
    ['engine', store.phase, store.version === null ? '' : `ClickHouse ${store.version}`],
  ];
  const title = isWell ? colors.green(state.message) : colors.red(state.message);
  return [
    `${colors.bold('sluice top')}  ${title}  ${new Date().toISOString().slice(0, 19)}Z`,
    '',
    ...facts.map(
      ([name = '', value = '', more = '']) =>
        `${colors.dim(name.padEnd(8))} ${colors.bold(value.padStart(12))}  ${cutTo(visible(more), columns - 23)}`,
    ),
    '',
    ...connectionLines(now.connections, terminal, rows - fixedLines - 1),
  ];
}

function connectionLines(connections: readonly ListedConnection[], { colors }: Terminal, most: number): string[] {
  const slowest = [...connections].sort(
    (one, other) =>
      other.waiting_bytes - one.waiting_bytes || Number(other.lagging) - Number(one.lagging) || one.id - other.id,
  );
  const shown = slowest
    .slice(0, Math.max(0, most))
    .map(({ id, kind, name, phase, lagging, waiting_bytes: waiting, opened }) => [
      String(id),
      kind,
      name,
      lagging ? 'lagging' : phase,
      size(waiting),
      opened.slice(0, 19),
    ]);
  const columns = [
    { name: 'id', isNumber: true as const },
    { name: 'kind' },
    { name: 'name' },
    { name: 'phase' },
    { name: 'waiting', isNumber: true as const },
    { name: 'since' },
  ];
  return tableText(columns, shown, colors).trimEnd().split('\n');
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}

function lag(seconds: number | null): string {
  return seconds === null ? 'unknown' : `${seconds.toFixed(1)} s`;
}

function peersOf({ edge, liveSubscribers, laggingSubscribers }: Look['state']): string {
  const subscribers = `${edge.subscribers} subscribers: ${liveSubscribers} live, ${laggingSubscribers} lagging`;
  return `${edge.producers} producers, ${subscribers}`;
}
