/**
 * An event's row by a slow reading that shares nothing with the readers of src/event-text but the rules of times, ids
 * and folding: what both readers are held against.
 */
import { isUtf8 } from 'node:buffer';
import { payloadDepthMax } from '../../schemas/event.ts';
import { foldText, searchSeparator } from '../../schemas/stored-event.ts';
import { formatRow } from '../../src/event-log/row.ts';
import type { ReceiptTexts } from '../../src/event-log/row-source.ts';
import { formatTimeForClickHouse, parseTime } from '../../src/filter/time.ts';
import { parseUuid } from '../../src/filter/uuid.ts';
import { piecesOf, readTree, type Tree, writeTree } from './arbitrary-json.ts';
import { fitsSchema } from './event-schema.ts';

export interface Normalised {
  /** The row of the event; null if it is refused. */
  readonly row: string | null;
  /** Whether an object has a key twice: then the compiled reader leaves the event to the general one. */
  readonly repeats: boolean;
}

export function normalise(bytes: Buffer, seq: number, receipt: ReceiptTexts): Normalised {
  const text = new TextDecoder().decode(bytes);
  const value = isUtf8(bytes) ? parsed(text) : undefined;
  if (value === undefined) return { row: null, repeats: false };
  const tree = readTree(text);
  const repeats = repeatsKey(text);
  if (!fitsSchema(value) || tree.kind !== 'object') return { row: null, repeats };
  const fields = new Map(tree.members);
  const time = timeOf(fields.get('occurred'));
  if (time === null || !isSound(fields)) return { row: null, repeats };
  return { row: rowOf(fields, time, seq, receipt), repeats };
}

function rowOf(fields: ReadonlyMap<string, Tree>, occurred: string, seq: number, receipt: ReceiptTexts): string {
  const json = (name: string, absent: string): string => {
    const field = fields.get(name);
    return field === undefined ? absent : writeTree(field);
  };
  const id = idOf(fields.get('id')) ?? '';
  const followed = idOf(fields.get('follows'));
  const resources = `"resource":${json('resource', '')},"related":${json('related', '[]')}`;
  const head = `{"occurred":"${occurred}","event":${json('event', '')},${resources}`;
  const follows = followed === null ? 'null' : `"${followed}"`;
  const end = `"id":"${id}","follows":${follows},"received":"${receipt.received}"}`;
  const pieces = (name: string): string[] => {
    const field = fields.get(name);
    return field === undefined ? [] : piecesOf(field, name === 'payload');
  };
  const searched = ['event', 'resource', 'related', 'payload'].flatMap(pieces);
  return formatRow({
    seq,
    id,
    received: receipt.column,
    occurred: formatTimeForClickHouse(occurred),
    head: Buffer.byteLength(head),
    search: searched.map((piece) => foldText(piece) + searchSeparator).join(''),
    raw: `${head},"payload":${json('payload', '{}')},${end}`,
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function timeOf(tree: Tree | undefined): string | null {
  if (tree === undefined || tree.kind === 'object' || tree.kind === 'array') return null;
  const time = parseTime(tree.kind === 'string' ? tree.value : JSON.parse(tree.text));
  return time.ok ? time.time : null;
}

function idOf(tree: Tree | undefined): string | null {
  const id = tree?.kind === 'string' ? parseUuid(tree.value) : null;
  return id?.ok ? id.id : null;
}

/** What the schema cannot say: no text holds a lone surrogate but in the payload, which nests only so deep. */
function isSound(fields: ReadonlyMap<string, Tree>): boolean {
  const texts = ['event', 'resource', 'related'].flatMap((name) => {
    const field = fields.get(name);
    return field === undefined ? [] : piecesOf(field, true);
  });
  const payload = fields.get('payload');
  return texts.every((text) => text.isWellFormed()) && (payload === undefined || depthOf(payload) <= payloadDepthMax);
}

function depthOf(tree: Tree): number {
  let depth = 0;
  let level = [tree];
  for (; level.some((each) => each.kind === 'object' || each.kind === 'array'); depth += 1) {
    level = level.flatMap((each) => {
      if (each.kind === 'object') return each.members.map(([, member]) => member);
      return each.kind === 'array' ? each.items : [];
    });
  }
  return depth;
}

/** Of JSON. A key with an escape is compared by what it says. */
function repeatsKey(text: string): boolean {
  const open: (Set<string> | null)[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : null);
    else if (token === '}' || token === ']') open.pop();
    else if (token.endsWith(':')) {
      const key = String(JSON.parse(token.slice(0, -1)));
      const keys = open.at(-1);
      if (keys?.has(key)) return true;
      keys?.add(key);
    }
  }
  return false;
}
