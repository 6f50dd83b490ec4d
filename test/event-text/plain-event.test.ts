/**
 * Where the compiled reader of events ends: its bounds, what it leaves to the general reader, and that its code is what
 * the source gives.
 */
import { describe, expect, it } from 'vitest';
import { eventBytesMax } from '../../schemas/event.ts';
import { foldText, searchSeparator } from '../../schemas/stored-event.ts';
import { compile } from '../../scripts/wasm.mjs';
import { splitRow } from '../../src/event-log/row.ts';
import { PlainReader } from '../../src/event-text/plain-event.ts';
import { code } from '../../src/event-text/plain-event-code.ts';
import { rowOf, rowOfGeneral } from './same-reading.ts';

const reader = new PlainReader();
const id = '0f0e0d0c-0b0a-4908-8706-050403020100';

function withFields(fields: string): Buffer {
  const required = `"occurred":"2026-11-22T10:00:00Z","event":"e","resource":{"prefect.resource.id":"r"},"id":"${id}"`;
  return Buffer.from(`{${required}${fields}}`);
}
const withPayload = (payload: string): Buffer => withFields(`,"payload":${payload}`);
const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const objectOf = (keys: readonly string[]): string => `{${keys.map((key) => `"${key}":1`).join(',')}}`;
const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `k${at}`);

function isTaken(text: Buffer): boolean {
  const event = reader.readMessage(text);
  if (event !== null) expect(rowOf(event)).toBe(rowOfGeneral(text));
  return event !== null;
}

describe('the compiled reader of events', () => {
  it('takes a thousand levels and no more, in a payload and in a field that no event has', () => {
    expect(isTaken(withPayload(deep(1000)))).toBe(true);
    expect(isTaken(withPayload(deep(1001)))).toBe(false);
    expect(isTaken(withFields(`,"x":${'['.repeat(1000)}${']'.repeat(1000)}`))).toBe(true);
    expect(isTaken(withFields(`,"x":${'['.repeat(1001)}${']'.repeat(1001)}`))).toBe(false);
  });

  it('leaves an object with a key twice to the general reader, however many keys it has', () => {
    for (const count of [1, 2, 15, 16, 17, 18, 100, 4000]) {
      const keys = numbered(count);
      expect([count, isTaken(withPayload(objectOf(keys)))]).toEqual([count, true]);
      for (const again of [keys[0], keys[count >> 1], keys[count - 1]]) {
        expect([count, again, isTaken(withPayload(objectOf([...keys, again ?? ''])))]).toEqual([count, again, false]);
      }
      const within = `{"a":${objectOf(keys)},"b":[${objectOf(keys)},${objectOf(keys)}]}`;
      expect([count, isTaken(withPayload(within))]).toEqual([count, true]);
    }
    const inner = `"k30":${objectOf(numbered(40))}`;
    const outer = objectOf(numbered(40)).replace('"k30":1', inner);
    expect(isTaken(withPayload(outer))).toBe(true);
    expect(isTaken(withPayload(outer.replace(inner, `${inner},"k5":1`)))).toBe(false);
    expect(isTaken(withPayload(outer.replace(inner, `${inner.slice(0, -1)},"k5":1}`)))).toBe(false);
  });

  it('tells keys that are alike at both ends, unless there are too many of them', () => {
    const alike = (count: number) =>
      Array.from({ length: count }, (_, at) => `begin-of-${String(at).padStart(8, '0')}-end-of-all`);
    expect(isTaken(withPayload(objectOf(alike(200))))).toBe(true);
    expect(isTaken(withPayload(objectOf([...alike(200), alike(100)[99] ?? ''])))).toBe(false);
    expect(isTaken(withPayload(objectOf(alike(2000))))).toBe(false);
    expect(rowOfGeneral(withPayload(objectOf(alike(2000))))).not.toBeNull();
  });

  it('leaves more than 8,192 keys of open objects to the general reader', () => {
    expect(isTaken(withPayload(objectOf(numbered(8192))))).toBe(true);
    expect(isTaken(withPayload(objectOf(numbered(8193))))).toBe(false);
    const rows = Array.from({ length: 2000 }, () => objectOf(numbered(20)));
    expect(isTaken(withPayload(`{"a":[${rows.join(',')}]}`))).toBe(true);
  });

  it('takes no event that is too large, to the byte', () => {
    const sized = (bytes: number): Buffer => {
      const empty = '"related":[],"payload":{"a":""},"follows":null';
      const rest = withFields(`,${empty}`).length;
      return withFields(`,${empty.replace('""', `"${'x'.repeat(bytes - rest)}"`)}`);
    };
    expect(isTaken(sized(eventBytesMax))).toBe(true);
    expect(isTaken(sized(eventBytesMax + 1))).toBe(false);
    expect(rowOfGeneral(sized(eventBytesMax))).not.toBeNull();
    expect(rowOfGeneral(sized(eventBytesMax + 1))).toBeNull();
  });

  it('takes a text of 5 MiB and no longer one', () => {
    const mebibyte = 1024 * 1024;
    const blank = (bytes: number): Buffer => Buffer.concat([withPayload('{}'), Buffer.alloc(bytes, ' ')]);
    expect(isTaken(blank(5 * mebibyte - 1024))).toBe(true);
    expect(isTaken(blank(5 * mebibyte))).toBe(false);
  });

  it('leaves one odd event to the general reader, and takes the others of its list', () => {
    const odd = withPayload('{"a":1,"a":{"b":1,"b":2}}');
    const body = Buffer.from(`[${withPayload('{}')},${odd}, ${withPayload('[]'.replace('[]', '{"c":1}'))}]`);
    const events = reader.readBatch(body);
    expect(events?.map((event) => event.constructor.name)).toEqual(['PlainEvent', 'TextEvent', 'PlainEvent']);
    expect(events?.map((event) => JSON.parse(splitRow(rowOf(event)).raw).payload)).toEqual([
      {},
      { a: { b: 2 } },
      { c: 1 },
    ]);
    expect(reader.readBatch(Buffer.from(`[${withPayload('{}')},${withPayload('[]')}]`))).toBeNull();
  });

  it('folds every character as foldText does, as itself and as an escape', () => {
    for (let first = 0; first <= 0x10ffff; first += 4096) {
      const characters: string[] = [];
      for (let code = first; code < first + 4096; code += 1) {
        if (code < 0xd800 || code > 0xdfff) characters.push(String.fromCodePoint(code));
      }
      const wanted = characters.map((each) => foldText(each) + searchSeparator).join('');
      const escaped = characters.map((each) => `"${each.split('').map(escapeOf).join('')}"`);
      for (const texts of [characters.map((each) => JSON.stringify(each)), escaped]) {
        const event = reader.readMessage(withPayload(`{"":[${texts.join(',')}]}`));
        if (event === null) throw new Error(`U+${first.toString(16)} and after was not taken`);
        const { search } = splitRow(rowOf(event));
        expect(search.slice('e\u001fr\u001f\u001f'.length) === wanted || first).toBe(true);
      }
    }
  });

  it('is the code that its source compiles to', async () => {
    expect((await compile()).toString('base64')).toBe(code);
  }, 60_000);
});

function escapeOf(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
