/**
 * The made tokens of a running server: who a token is, and who has ended. The file is looked at a few times a second,
 * so a change holds within a second. A file that cannot be read leaves the tokens as they were, and is logged once.
 */
import type { Log } from '../base/log.ts';
import { lookOften } from '../base/look-often.ts';
import { noteFile } from '../base/watch-file.ts';
import type { Identity } from './identity.ts';
import { idOfToken, isTokenOf } from './made-token.ts';
import { readTokens, tokensPath } from './token-file.ts';
import { identityOf, isLiving, type TokenRecord } from './token-record.ts';

export interface TokenBook {
  /** Whether there is any token, living or not: a server that once had one stays closed. */
  readonly isUsed: boolean;
  /** Null for a token that is none of ours, or has ended. */
  find(token: string): Identity | null;
  /** Whose token this was, if it has expired or was revoked; null for any other text. */
  findEnded(token: string): Identity | null;
  /** Whether one that was found before has ended meanwhile. */
  hasEnded(identity: Identity): boolean;
  /** Calls when a token may have ended; gives the way to stop that. */
  onChange(listener: () => void): () => void;
  close(): void;
}

interface Entry {
  readonly record: TokenRecord;
  readonly identity: Identity;
}

export function openTokenBook(dataDir: string, log: Log, now: () => number = Date.now): TokenBook {
  const listeners = new Set<() => void>();
  const file = noteFile(tokensPath(dataDir));
  let entries = entriesOf(readTokens(dataDir), log);
  const living = (entry: Entry | undefined): entry is Entry => entry !== undefined && isLiving(entry.record, now());
  let soonest = soonestOf(entries, now());

  /** Undefined for a token that is none of ours. */
  function entryOf(token: string): Entry | undefined {
    const entry = entries.get(idOfToken(token) ?? '');
    return isTokenOf(token, entry?.record.hash ?? null) ? entry : undefined;
  }

  function readAgain(): void {
    try {
      entries = entriesOf(readTokens(dataDir), log);
    } catch (error) {
      log.error({ err: error }, 'The tokens cannot be read; those known before hold');
      return;
    }
    log.info({ tokens: entries.size }, 'the tokens were read again');
    tell();
  }

  /** One may have ended. */
  function tell(): void {
    soonest = soonestOf(entries, now());
    for (const listener of [...listeners]) listener();
  }

  const unwatch = file.watch(readAgain);
  const forgetExpiry = lookOften(() => {
    if (now() >= soonest) tell();
  });
  return {
    get isUsed() {
      return entries.size > 0;
    },
    find(token) {
      const entry = entryOf(token);
      return living(entry) ? entry.identity : null;
    },
    findEnded(token) {
      const entry = entryOf(token);
      return entry === undefined || isLiving(entry.record, now()) ? null : entry.identity;
    },
    hasEnded({ seal }) {
      const id = seal.slice(seal.indexOf(':') + 1);
      return !living(entries.get(id));
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      unwatch();
      forgetExpiry();
    },
  };
}

/** A token whose filter this version cannot read lets nobody in. */
function entriesOf(records: readonly TokenRecord[], log: Log): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const record of records) {
    try {
      entries.set(record.id, { record, identity: identityOf(record) });
    } catch (error) {
      log.error({ err: error, id: record.id, name: record.name }, 'A token cannot be used');
      entries.set(record.id, { record: { ...record, revoked: record.made }, identity: nobodyOf(record) });
    }
  }
  return entries;
}

function nobodyOf(record: TokenRecord): Identity {
  return identityOf({ ...record, filter: null, rights: [] });
}

/** When the next one expires. */
function soonestOf(entries: ReadonlyMap<string, Entry>, now: number): number {
  const times = [...entries.values()].map(({ identity }) => identity.expires).filter((time) => time > now);
  return Math.min(Number.POSITIVE_INFINITY, ...times);
}
