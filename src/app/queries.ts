/**
 * What questions are answered from: the store, with pages by signed tokens, counts and exports.
 */
import { QuerySlots } from '../clickhouse/query-slots.ts';
import type { Store } from '../clickhouse/store.ts';
import { parsePlace } from '../history/position.ts';
import { readTexts } from '../history/read-texts.ts';
import { countEvents } from '../query/count-events.ts';
import { type ExportParts, exportEvents } from '../query/export-events.ts';
import { type PageParts, readFirstPage, readNextPage } from '../query/read-page.ts';
import type { Queries } from '../server/parts.ts';

const exportsMax = 4;

export function queriesOf(parts: PageParts & { readonly store: Store }): Queries {
  const slots = new QuerySlots(exportsMax);
  const told = (taken: (bytes: number) => void): Pick<Store, 'rows'> => ({
    rows: (sql, bound, options) => parts.store.rows(sql, bound, { ...options, taken }),
  });
  const texts: ExportParts['readTexts'] = (...given) => readTexts(parts.store, ...given);
  const exports = { ...parts, slots, readTexts: texts, parsePlace };
  return {
    readFirstPage: (request, scope, signal, taken) =>
      readFirstPage({ ...parts, store: told(taken) }, request, scope, signal),
    readNextPage: (token, scope, signal, taken) => readNextPage({ ...parts, store: told(taken) }, token, scope, signal),
    countEvents: (request, scope, signal) => countEvents(parts, request, scope, signal),
    exportEvents: (request, scope, signal) => exportEvents(exports, request, scope, signal),
  };
}
