/**
 * Makes a page from the rows that were read: the events' texts, and the token for what remains (I7).
 */
import type { Page } from '../../schemas/page.ts';
import type { SigningKeys } from '../base/keys.ts';
import type { TokenFilter } from './page-filters.ts';
import { type PageState, sealToken } from './page-token.ts';

export interface PageRow {
  readonly place: string;
  readonly place_id: string;
  readonly raw: string;
}

/** A page that comes short is the last one: retention took the rest. */
export async function makePage(
  { keys, seal }: { readonly keys: SigningKeys; readonly seal: string },
  { limit, total, remaining: before, checkpoint, after: behind }: PageState,
  rows: readonly PageRow[],
  hold: () => TokenFilter | Promise<TokenFilter>,
): Promise<Page> {
  const last = rows.at(-1);
  const remaining = before - rows.length;
  const hasNext = remaining > 0 && rows.length === limit;
  const after = last ? { occurred: last.place, id: last.place_id } : behind;
  return {
    events: rows.map((row) => row.raw),
    total,
    token: hasNext ? sealToken(keys, seal, { ...(await hold()), limit, total, remaining, checkpoint, after }) : null,
  };
}

/**
 * The answer's text in pieces (docs/prefect-facts.md, "Asking for events"). Events are put in as they are, never parsed
 * nor serialized again (I2).
 */
export function pagePieces({ events, total }: Page, nextUrl: string | null): string[] {
  const pieces = ['{"events":['];
  for (const event of events) {
    if (pieces.length > 1) pieces.push(',');
    pieces.push(event);
  }
  pieces.push(`],"total":${total},"next_page":${JSON.stringify(nextUrl)}}`);
  return pieces;
}
