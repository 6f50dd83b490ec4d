/**
 * Tokens of pages and exports that were given out before go on working, and are made as they were (I7). The fixture
 * holds tokens, what they were made from, and the key that signed them; it is never made anew.
 */

import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { wholeScope } from '../../schemas/read-scope.ts';
import { openKeys } from '../../src/base/keys.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { type ExportParts, exportEvents } from '../../src/query/export-events.ts';
import { createPageFilters } from '../../src/query/page-filters.ts';
import { openToken, type PageState, sealToken } from '../../src/query/page-token.ts';
import { validatePageBody } from '../../src/query/validate-body.ts';
import { silentLog } from '../../support/engine.ts';

type KeptRow = { readonly hash: string; readonly filter: string } | null;

interface Fixture {
  readonly secret: string;
  readonly now: string;
  readonly pages: readonly {
    readonly body: object;
    readonly place: Pick<PageState, 'total' | 'remaining' | 'checkpoint' | 'after'>;
    readonly kept: KeptRow;
    readonly token: string;
  }[];
  readonly exports: readonly {
    readonly body: object;
    readonly checkpoint: number;
    readonly kept: KeptRow;
    readonly token: string;
  }[];
}

const fixture: Fixture = JSON.parse(readFileSync(new URL('../fixtures/tokens.json', import.meta.url), 'utf8'));
const keys = openKeys('', fixture.secret);

/** The table `page_filters` with the row that was written with the token, or none; and what is written to it. */
function filtersWith(kept: KeptRow) {
  const written: unknown[] = [];
  const store = {
    async rows<Row>(_sql: string, params: Record<string, unknown> = {}) {
      const found = kept !== null && kept.hash === params['page_filter'] ? [kept] : [];
      return found as Row[]; // the caller names the shape of its own statement
    },
    async insertValues(_table: string, values: readonly object[]) {
      written.push(...values);
    },
    async command() {
      throw new Error('nothing is to be deleted or synced');
    },
  };
  return { written, ...createPageFilters(store, { log: silentLog, counters: createCounters() }) };
}

/** What a token says, as text: its bytes may be deflated in another way by another zlib. */
function textOf(token: string): string {
  return inflateRawSync(Buffer.from(token.split('.')[0] ?? '', 'base64url')).toString();
}

function requestOf(body: object) {
  const checked = validatePageBody(body, new Date(fixture.now));
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.value;
}

test.each(fixture.pages)('a page token for $body gives its filter and place, and is made as it was', async (page) => {
  const { filter, limit } = requestOf(page.body);
  const filters = filtersWith(page.kept);
  const opened = openToken(keys, '', page.token);
  expect(JSON.stringify(await filters.filterOf(opened))).toBe(JSON.stringify(filter));
  expect(opened).toMatchObject({ limit, ...page.place });
  const made = sealToken(keys, '', { ...(await filters.hold(filter)), limit, ...page.place });
  expect(textOf(made)).toBe(textOf(page.token));
  expect(filters.written).toEqual(page.kept === null ? [] : [page.kept]);
});

test.each(fixture.exports)(
  'a token of an export of $body gives its filter and checkpoint, and is made as it was',
  async ({ body, checkpoint, kept, token }) => {
    const { filter } = requestOf(body);
    const read: unknown[] = [];
    const filters = filtersWith(kept);
    const parts: ExportParts = {
      async readTexts([wanted], range, from) {
        read.push([JSON.stringify(wanted), range, from]);
        return { blocks: [], rows: 0, bytes: 0, next: null };
      },
      slots: { take: async () => () => undefined } as unknown as ExportParts['slots'], // only `take` is used
      keys,
      filters,
      checkpoint: () => checkpoint,
      parsePlace: (occurred, id) => ({ occurred, id }),
    };
    const signal = new AbortController().signal;
    const after = { occurred: '2026-11-21 10:00:00.000000', id: '00000000-0000-4000-8000-000000000001' };
    const fresh = await exportEvents(parts, { filter }, wholeScope, signal);
    expect(textOf(fresh.token)).toBe(textOf(token));
    await exportEvents(parts, { token, after }, wholeScope, signal);
    const asked = JSON.stringify({ ...filter, order: 'ASC' });
    expect(read).toEqual([
      [asked, { after: 0, checkpoint }, null],
      [asked, { after: 0, checkpoint }, after],
    ]);
  },
);
