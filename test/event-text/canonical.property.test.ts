/**
 * I2 as laws: the canonical text says what was sent, once and in one way, held against a slow reading of the same text.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldText, searchSeparator } from '../../schemas/stored-event.ts';
import { finishRaw } from '../../src/event-text/canonical.ts';
import { readBatch, readMessage } from '../../src/event-text/read-events.ts';
import { rewriteJson } from '../../src/event-text/rewrite-json.ts';
import { sentId as id, sentEvent } from './arbitrary-event.ts';
import { jsonText, piecesOf, readTree, type Tree, writeTree } from './arbitrary-json.ts';

const received = '2026-11-22T10:00:00.5Z';
const lone = /\p{Surrogate}/u;

describe('canonical text', () => {
  it('of any JSON is what a slow reading gives, parses to what was sent, and is its own canonical text', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const canonical = rewriteJson(text);
        expect(canonical).toBe(writeTree(readTree(text)));
        expect(JSON.parse(canonical)).toEqual(JSON.parse(text));
        expect(rewriteJson(canonical)).toBe(canonical);
        expect(canonical).not.toMatch(/[\t\n\r]/);
      }),
      { numRuns: 300 },
    );
  });

  it('of an event has the fields in their order, each as a slow reading gives it', () => {
    fc.assert(
      fc.property(sentEvent, (text) => {
        const read = readMessage(Buffer.from(text));
        if (!read.ok) throw new Error(read.reason);
        const { event } = read;
        const field = fieldOf(readTree(text));
        const json = (name: string, absent: string) => writeTree(field(name) ?? { kind: 'scalar', text: absent });
        const resources = `"resource":${json('resource', '')},"related":${json('related', '[]')}`;
        const head = `{"occurred":"2026-11-22T10:00:00Z","event":${json('event', '')},${resources}`;
        const follows = field('follows')?.kind === 'string' ? `"${id}"` : 'null';
        const raw = finishRaw(event, received);
        expect(raw).toBe(
          `${head},"payload":${json('payload', '')},"id":"${id}","follows":${follows},"received":"${received}"}`,
        );
        expect(event.head).toBe(Buffer.byteLength(head));
        expect(event.isAscii).toBe([event.open, event.search].every((part) => Buffer.byteLength(part) === part.length));
        expect(raw).not.toMatch(/[\t\n\r]/);
        expect(raw).not.toMatch(lone);
        expect(JSON.parse(raw)).toEqual({ ...event.body, received });
      }),
      { numRuns: 300 },
    );
  });

  it('that is ASCII only by its escapes is not written as ASCII, for its search text is not', () => {
    const fields = `"event":"n","resource":{"prefect.resource.id":"r"},"payload":{"a":"\\ud800"},"id":"${id}"`;
    const text = `{"occurred":"2026-11-22T10:00:00Z",${fields}}`;
    const read = readMessage(Buffer.from(text));
    if (!read.ok) throw new Error(read.reason);
    expect(read.event.open).toContain('\\ud800');
    expect(read.event.search).toContain('\ufffd');
    expect(read.event.isAscii).toBe(false);
  });

  it('is its own canonical text, and one event reads alike alone and in a batch', () => {
    fc.assert(
      fc.property(fc.array(sentEvent, { minLength: 1, maxLength: 3 }), (texts) => {
        const batch = readBatch(Buffer.from(`[${texts.join(',')}]`), true);
        if (!batch.ok) throw new Error(JSON.stringify(batch.issues));
        for (const [index, text] of texts.entries()) {
          const alone = readMessage(Buffer.from(text));
          const again = readMessage(Buffer.from(`${batch.events[index]?.open}}`));
          expect(alone).toEqual({ ok: true, event: batch.events[index] });
          expect(again).toEqual(alone);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('comes with the search text: name, label values, payload keys and scalars, each folded and ended', () => {
    fc.assert(
      fc.property(sentEvent, (text) => {
        const read = readMessage(Buffer.from(text));
        if (!read.ok) throw new Error(read.reason);
        const field = fieldOf(readTree(text));
        const pieces = (name: string, withKeys: boolean) =>
          piecesOf(field(name) ?? { kind: 'array', items: [] }, withKeys);
        const wanted = [
          ...pieces('event', false),
          ...pieces('resource', false),
          ...pieces('related', false),
          ...pieces('payload', true),
        ];
        const folded = wanted.map((piece) => foldText(piece) + searchSeparator).join('');
        expect(read.event.search).toBe(folded);
        expect(read.event.search).not.toMatch(/[\t\n\r]/);
      }),
      { numRuns: 200 },
    );
  });

  it('never throws, whatever bytes come', () => {
    const almost = fc
      .tuple(sentEvent, fc.nat(400), fc.string({ maxLength: 3 }))
      .map(([text, at, junk]) => text.slice(0, at) + junk + text.slice(at + 1));
    fc.assert(
      fc.property(
        fc.oneof(
          almost,
          fc.string(),
          fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1')),
        ),
        (text) => {
          for (const bytes of [
            Buffer.from(text),
            Buffer.from(text, 'latin1'),
            Buffer.from(`[${text}`),
            Buffer.from(`[${text}]`),
          ]) {
            const batch = readBatch(bytes, true);
            if (!batch.ok) expect(batch.issues.length).toBeGreaterThan(0);
            if (!batch.ok) JSON.parse(batch.requestBodyJson);
            readMessage(bytes);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

function fieldOf(tree: Tree) {
  const members = new Map(tree.kind === 'object' ? tree.members : []);
  return (name: string): Tree | undefined => members.get(name);
}
