/**
 * The tokens that all gateways share: one key of NATS, and a copy of it in each data folder, which a running gateway
 * reads as it would its own file. While NATS is away the copy holds. Each place is joined with what the other has, so
 * neither a key that went back nor an old copy brings a revoked token to life.
 */
import { joinTokens } from '../access/join-tokens.ts';
import { type ChangeTokens, changeTokens, contentOf, parseTokens, readTokens } from '../access/token-file.ts';
import type { TokenRecord } from '../access/token-record.ts';
import { StartRefused } from '../base/errors.ts';
import type { WatchedKey } from '../nats/shared-key.ts';

/** More than that is none that a key should hold: NATS takes messages of 8 MB. */
const charactersMax = 4 * 1024 * 1024;

export interface SharedRecords {
  readonly tokens: readonly TokenRecord[];
  /** Of the key; 0 if it was never written. */
  readonly revision: number;
}

/** Rejects with StartRefused for what this version cannot read, and as the key. */
export async function readShared(key: Pick<WatchedKey, 'read'>): Promise<SharedRecords> {
  const found = await key.read();
  return { tokens: found === null ? [] : tokensIn(found.text), revision: found?.revision ?? 0 };
}

/** Throws StartRefused. */
export function tokensIn(text: string): readonly TokenRecord[] {
  const tokens = parseTokens(text);
  if (tokens !== null) return tokens;
  throw new StartRefused(
    'The tokens that NATS keeps for all gateways are of a version that this Sluice does not know.',
  );
}

/** Changes them for all gateways; resolves once the key has all. Rejects as `change` does, and as the key. */
export async function changeShared(
  key: Pick<WatchedKey, 'read' | 'write'>,
  change: ChangeTokens,
): Promise<SharedRecords> {
  for (;;) {
    const { tokens, revision } = await readShared(key);
    const next = change(tokens);
    if (next === tokens) return { tokens, revision };
    const text = JSON.stringify(contentOf(next));
    if (text.length > charactersMax) throw new StartRefused('There are too many tokens for the key that NATS keeps.');
    const written = await writeOrFind(key, text, revision);
    if (written !== null) return { tokens: next, revision: written };
  }
}

/** Where the answer was lost, the key says. Null if somebody else was quicker; rejects where it is not known. */
async function writeOrFind(
  key: Pick<WatchedKey, 'read' | 'write'>,
  text: string,
  revision: number,
): Promise<number | null> {
  try {
    return await key.write(text, revision);
  } catch (error) {
    const found = await key.read();
    if (found?.text === text) return found.revision;
    throw error;
  }
}

/** Brings the copy of a data folder up to what all gateways have. */
export async function keepCopy(dataDir: string, tokens: readonly TokenRecord[]): Promise<void> {
  const own = readTokens(dataDir);
  if (joinTokens(own, tokens) !== own) await changeTokens(dataDir, (records) => joinTokens(records, tokens));
}
