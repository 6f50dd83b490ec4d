/**
 * All events of a server as texts by id, byte for byte but for `received`, which each server sets for itself.
 */
import { post, send } from '../../support/http.ts';
import type { Target } from '../../support/target.ts';

/** The events of a page, or of an export's lines, each as its text without `received`. */
export function eventTexts(text: string): string[] {
  const from = text.startsWith('{"events":[') ? '{"events":['.length : 0;
  return objectsFrom(text, from).map((event) => event.slice(0, event.lastIndexOf(',"received":"')));
}

/** The objects that stand side by side from there on, until something else comes than a comma or a line break. */
function objectsFrom(text: string, from: number): string[] {
  const objects: string[] = [];
  let at = from;
  while (text[at] === '{') {
    const end = endOfObject(text, at);
    objects.push(text.slice(at, end));
    at = text[end] === ',' || text[end] === '\n' ? end + 1 : end;
  }
  return objects;
}

/** Brackets outside strings, counted. */
function endOfObject(text: string, start: number): number {
  const marks = /"(?:[^"\\]|\\.)*"|[{}]/gy;
  const plain = /[^"{}]*/y;
  let depth = 0;
  for (let at = start; at < text.length; ) {
    marks.lastIndex = at;
    const mark = marks.exec(text)?.[0] ?? '';
    depth += mark === '{' ? 1 : mark === '}' ? -1 : 0;
    at += mark.length;
    if (depth === 0) return at;
    plain.lastIndex = at;
    at += plain.exec(text)?.[0].length ?? 0;
  }
  throw new Error(`An object does not end: ${text.slice(start, start + 200)}`);
}

export function idOf(eventText: string): string {
  return /"id":"([0-9a-f-]{36})","follows":(?:null|"[0-9a-f-]{36}")$/.exec(eventText)?.[1] ?? `none in ${eventText}`;
}

/** By its pages, oldest first. Prefect's pages shift while events come, so ask while it is quiet. */
export async function textsOfPages(target: Target, filter: object = {}): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  let answer = await post(target, '/api/events/filter', { filter: { ...filter, order: 'ASC' }, limit: 50 });
  for (;;) {
    if (answer.status !== 200) throw new Error(`A page answered ${answer.status} ${answer.text.slice(0, 300)}`);
    for (const text of eventTexts(answer.text)) texts.set(idOf(text), text);
    const next = /"next_page":"([^"]+)"/.exec(answer.text)?.[1];
    if (next === undefined) return texts;
    answer = await send(target, { path: next.replace(/^https?:\/\/[^/]+/, '') });
  }
}

/** Of a Sluice, by an export; throws if an id comes twice. */
export async function textsOfExport(target: Target): Promise<Map<string, string>> {
  const answer = await post(target, '/api/events/export', { filter: {} });
  if (answer.status !== 200) throw new Error(`The export answered ${answer.status} ${answer.text.slice(0, 300)}`);
  const texts = new Map<string, string>();
  for (const text of eventTexts(answer.text)) {
    if (texts.has(idOf(text))) throw new Error(`Sluice has an event twice: ${text}`);
    texts.set(idOf(text), text);
  }
  return texts;
}

/** The ids of a server's events of that name. */
export async function idsNamed(target: Target, name: string): Promise<Set<string>> {
  return new Set((await textsOfPages(target, { event: { name: [name] } })).keys());
}

/** How many events of that name a server has. */
export async function totalOf(target: Target, name: string): Promise<number> {
  const { text } = await post(target, '/api/events/filter', { filter: { event: { name: [name] } }, limit: 1 });
  return (JSON.parse(text) as { total: number }).total; // the API's answer
}
