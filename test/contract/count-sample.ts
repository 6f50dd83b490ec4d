/**
 * A sample of counts (docs/prefect-facts.md, "Counts") as data: six events of 16 and 17 November 2026, what was asked,
 * and what was answered. `@` stands for the run's own word.
 */
import type { Sent } from '../../support/events.ts';

export interface SampleRow {
  readonly name: string;
  readonly countable: 'event' | 'resource' | 'day' | 'time';
  readonly since: string;
  readonly until: string;
  readonly unit?: { readonly time_unit?: string; readonly time_interval?: number };
  readonly filter?: object;
  readonly answer: readonly (readonly [value: string, label: string, count: number, start: string, end: string])[];
  readonly ours?: string;
}

export function countSampleEvents(word: string): readonly Sent[] {
  const rows: readonly (readonly [name: string, id: string, labels: object, occurred: string])[] = [
    ['s.one', 'c.1', { 'prefect.resource.name': 'Old' }, '2026-11-16T00:00:00Z'],
    ['s.one', 'c.2', { 'prefect.name': 'Two' }, '2026-11-16T00:00:00.999999Z'],
    ['s.two', 'c.3', {}, '2026-11-16T00:00:01Z'],
    ['s.one', 'c.1', { 'prefect.resource.name': 'New' }, '2026-11-16T00:01:30Z'],
    ['s.three', 'c.2', { 'prefect.name': 'Two' }, '2026-11-16T01:00:00Z'],
    ['s.two', 'c.4', { 'prefect.resource.name': 'N', 'prefect.name': 'M' }, '2026-11-17T12:00:00Z'],
  ];
  return rows.map(([name, id, labels, occurred]) => ({
    event: `${word}.${name}`,
    resource: { 'prefect.resource.id': `${word}.${id}`, ...labels },
    occurred,
  }));
}

type Bucket = readonly [start: string, count: number, end: string];

/** Buckets as they are answered: numbered from 0, labelled with their start. */
function buckets(...rows: readonly Bucket[]): SampleRow['answer'] {
  return rows.map(([start, number, end], at) => [
    String(at),
    `2026-11-${start}+00:00`,
    number,
    `2026-11-${start}Z`,
    `2026-11-${end}Z`,
  ]);
}

const day = (date: number, number: number): Bucket => [`${date}T00:00:00`, number, `${date}T23:59:59.999999`];
const hour = (start: string, number: number): Bucket => [`${start}:00:00`, number, `${start}:59:59.999999`];
const minute = (start: string, number: number): Bucket => [`16T00:${start}:00`, number, `16T00:${start}:59.999999`];
const second = (start: string, number: number): Bucket => [`16T00:00:${start}`, number, `16T00:00:${start}.999999`];

const wholeSeconds = '[Q] buckets are computed from whole seconds on SQLite';

export const countSample: readonly SampleRow[] = [
  {
    name: 'event, 16 – 18: most first, then by label',
    countable: 'event',
    since: '2026-11-16T00:00:00Z',
    until: '2026-11-18T00:00:00Z',
    answer: [
      ['@.s.one', '@.s.one', 3, '2026-11-16T00:00:00Z', '2026-11-16T00:01:30Z'],
      ['@.s.two', '@.s.two', 2, '2026-11-16T00:00:01Z', '2026-11-17T12:00:00Z'],
      ['@.s.three', '@.s.three', 1, '2026-11-16T01:00:00Z', '2026-11-16T01:00:00Z'],
    ],
  },
  {
    name: 'resource, 16 – 18: labelled with the newest name',
    countable: 'resource',
    since: '2026-11-16T00:00:00Z',
    until: '2026-11-18T00:00:00Z',
    answer: [
      ['@.c.1', 'New', 2, '2026-11-16T00:00:00Z', '2026-11-16T00:01:30Z'],
      ['@.c.2', 'Two', 2, '2026-11-16T00:00:00.999999Z', '2026-11-16T01:00:00Z'],
      ['@.c.4', 'N', 1, '2026-11-17T12:00:00Z', '2026-11-17T12:00:00Z'],
      ['@.c.3', '@.c.3', 1, '2026-11-16T00:00:01Z', '2026-11-16T00:00:01Z'],
    ],
  },
  {
    name: 'day, 15T06 – 18',
    countable: 'day',
    since: '2026-11-15T06:00:00Z',
    until: '2026-11-18T00:00:00Z',
    answer: buckets(day(15, 0), day(16, 5), day(17, 1)),
  },
  {
    name: 'day, whatever unit and interval say',
    countable: 'day',
    since: '2026-11-15T06:00:00Z',
    until: '2026-11-18T00:00:00Z',
    unit: { time_unit: 'hour', time_interval: 3 },
    answer: buckets(day(15, 0), day(16, 5), day(17, 1)),
    ours: 'Prefect lists buckets of the unit given, and answers 500 where there are events',
  },
  {
    name: 'time week, 10 – 18',
    countable: 'time',
    since: '2026-11-10T00:00:00Z',
    until: '2026-11-18T00:00:00Z',
    unit: { time_unit: 'week' },
    answer: buckets(['09T00:00:00', 0, '15T23:59:59.999999'], ['16T00:00:00', 6, '22T23:59:59.999999']),
  },
  {
    name: 'time day, 15T06+02:00 – 18',
    countable: 'time',
    since: '2026-11-15T06:00:00+02:00',
    until: '2026-11-18T00:00:00Z',
    unit: { time_unit: 'day' },
    answer: buckets(day(15, 0), day(16, 5), day(17, 1)),
  },
  {
    name: 'time hour, 15T23:30 – 16T02:30',
    countable: 'time',
    since: '2026-11-15T23:30:00Z',
    until: '2026-11-16T02:30:00Z',
    unit: { time_unit: 'hour' },
    answer: buckets(hour('15T23', 0), hour('16T00', 4), hour('16T01', 1), hour('16T02', 0)),
  },
  {
    name: 'time minute, two minutes',
    countable: 'time',
    since: '2026-11-16T00:00:00Z',
    until: '2026-11-16T00:02:00Z',
    unit: { time_unit: 'minute' },
    answer: buckets(minute('00', 3), minute('01', 1)),
  },
  {
    name: 'time second, two seconds',
    countable: 'time',
    since: '2026-11-16T00:00:00Z',
    until: '2026-11-16T00:00:02Z',
    unit: { time_unit: 'second' },
    answer: buckets(second('00', 2), second('01', 1)),
  },
  {
    name: 'time second × 0.5: buckets as Prefect has them, counts exact',
    countable: 'time',
    since: '2026-11-16T00:00:00Z',
    until: '2026-11-16T00:00:02Z',
    unit: { time_unit: 'second', time_interval: 0.5 },
    answer: buckets(
      ['16T00:00:00', 1, '16T00:00:00.499999'],
      ['16T00:00:00.500000', 1, '16T00:00:00.999999'],
      ['16T00:00:01', 1, '16T00:00:01.499999'],
      ['16T00:00:01.500000', 0, '16T00:00:01.999999'],
    ),
    ours: wholeSeconds,
  },
  {
    name: 'time second × 1.7, from 15T23:59:59.3: buckets as Prefect has them, counts exact',
    countable: 'time',
    since: '2026-11-15T23:59:59.3Z',
    until: '2026-11-16T00:00:02Z',
    unit: { time_unit: 'second', time_interval: 1.7 },
    answer: buckets(['15T23:59:58.800000', 1, '16T00:00:00.499999'], ['16T00:00:00.500000', 2, '16T00:00:02.199999']),
    ours: wholeSeconds,
  },
  {
    name: 'time day × 2, 15T06 – 18',
    countable: 'time',
    since: '2026-11-15T06:00:00Z',
    until: '2026-11-18T00:00:00Z',
    unit: { time_unit: 'day', time_interval: 2 },
    answer: buckets(['15T00:00:00', 5, '16T23:59:59.999999'], ['17T00:00:00', 1, '18T23:59:59.999999']),
  },
  {
    name: 'time week before the anchor, 2023-12-30 – 2024-01-10',
    countable: 'time',
    since: '2023-12-30T00:00:00Z',
    until: '2024-01-10T00:00:00Z',
    unit: { time_unit: 'week' },
    answer: [
      ['0', '2023-12-25T00:00:00+00:00', 0, '2023-12-25T00:00:00Z', '2023-12-31T23:59:59.999999Z'],
      ['1', '2024-01-01T00:00:00+00:00', 0, '2024-01-01T00:00:00Z', '2024-01-07T23:59:59.999999Z'],
      ['2', '2024-01-08T00:00:00+00:00', 0, '2024-01-08T00:00:00Z', '2024-01-14T23:59:59.999999Z'],
    ],
  },
  {
    name: 'only what is within since and until, though the buckets reach further',
    countable: 'time',
    since: '2026-11-16T00:00:00.5Z',
    until: '2026-11-16T00:30:00Z',
    unit: { time_unit: 'hour' },
    answer: buckets(hour('16T00', 3)),
  },
  {
    name: 'with a filter of another part',
    countable: 'event',
    since: '2026-11-16T00:00:00Z',
    until: '2026-11-18T00:00:00Z',
    filter: { resource: { labels: { 'prefect.name': 'Two' } } },
    answer: [
      ['@.s.one', '@.s.one', 1, '2026-11-16T00:00:00.999999Z', '2026-11-16T00:00:00.999999Z'],
      ['@.s.three', '@.s.three', 1, '2026-11-16T01:00:00Z', '2026-11-16T01:00:00Z'],
    ],
  },
  {
    name: 'since after until',
    countable: 'time',
    since: '2026-11-18T00:00:00Z',
    until: '2026-11-16T00:00:00Z',
    answer: [],
  },
];
