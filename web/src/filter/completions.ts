/** What could stand in a filter next: fields, and names, resources and labels of the last day with their counts. */

import type { CountBy } from '../../../client/src/count.ts';
import type { EventFilter } from '../../../client/src/event-filter.ts';
import { termTexts } from '../../../client/src/filter-line-terms.ts';
import type { Count } from '../../../schemas/count.ts';
import { sentenceOf } from '../base/failure.ts';
import { hasty } from '../base/session.ts';
import { fieldTerm, labelName, labelTerm } from './terms.ts';

export interface Completion {
  /** The whole text of the input, completed. */
  readonly text: string;
  /** Events of the last day; null for a field. */
  readonly count: number | null;
  readonly about: string;
}

const limit = 20;
const dayMs = 24 * 60 * 60 * 1000;

const fields: readonly (readonly [name: string, about: string])[] = [
  ['event:', 'name, or its beginning with *'],
  ['resource:', 'id, or its beginning with *'],
  ['related:', 'id & role=… of a related resource'],
  ['any:', 'resource or related'],
  ['text:', 'words in the event'],
  ['since:', '10m ago, or a time'],
  ['until:', '10m ago, or a time'],
  ['id:', 'of the event'],
];

/** Never rejects: without an answer nothing is proposed. */
export async function completionsOf(input: string, signal: AbortSignal): Promise<readonly Completion[]> {
  const { before, term } = lastTerm(input);
  const sign = term.startsWith('-') ? '-' : '';
  const bare = term.slice(sign.length);
  const separator = bare.search(/[:=]/);
  const whole = (text: string): string => before + sign + text;
  try {
    if (separator < 0) return [...fieldsFor(bare, whole), ...(await labelsFor(bare, whole, signal))];
    const [name, value] = [bare.slice(0, separator), bare.slice(separator + 1).replace(/^"/, '')];
    if (bare[separator] === '=') return await valuesOf(name.replace(/^"|"$/g, ''), value, whole, signal);
    if (name === 'event' || name === 'resource') {
      const begun = name === 'event' ? { event: { prefix: [value] } } : { resource: { id_prefix: [value] } };
      const found = await counted(name, value === '' ? {} : begun, signal);
      return found.map(({ value: text, count }) => ({ text: whole(fieldTerm(name, text)), count, about: '' }));
    }
  } catch (error) {
    // Its sentence is not told; a refused credential has another one asked for.
    sentenceOf(error);
  }
  return [];
}

/** The term that is being typed, and what stands before it. */
function lastTerm(input: string): { before: string; term: string } {
  try {
    const term = /\s$/.test(input) ? '' : (termTexts(input).at(-1) ?? '');
    return { before: input.slice(0, input.length - term.length), term };
  } catch {
    const cut = Math.max(input.lastIndexOf(' "'), input.lastIndexOf(' ')) + 1;
    return { before: input.slice(0, cut), term: input.slice(cut) };
  }
}

function fieldsFor(begun: string, whole: (text: string) => string): Completion[] {
  return fields.flatMap(([name, about]) => (name.startsWith(begun) ? [{ text: whole(name), count: null, about }] : []));
}

async function labelsFor(begun: string, whole: (text: string) => string, signal: AbortSignal): Promise<Completion[]> {
  if (begun.includes('"')) return [];
  const found = await counted('label', {}, signal);
  return found
    .filter(({ value }) => value.startsWith(begun))
    .map(({ value, count }) => ({ text: whole(`${labelName(value)}=`), count, about: '' }));
}

async function valuesOf(
  key: string,
  begun: string,
  whole: (text: string) => string,
  signal: AbortSignal,
): Promise<Completion[]> {
  const filter: EventFilter = /^$|[*?!]/.test(begun) ? {} : { resource: { labels: { [key]: [`${begun}*`] } } };
  const found = await counted(`label:${key}`, filter, signal);
  return found.map(({ value, count }) => ({ text: whole(labelTerm(key, value)), count, about: '' }));
}

function counted(by: CountBy, filter: EventFilter, signal: AbortSignal): Promise<Count[]> {
  const occurred = { since: new Date(Date.now() - dayMs).toISOString() };
  return hasty.value.count(by, { ...filter, occurred }, { limit, signal });
}
