/**
 * The Sluice that forced filters are tried on: readers by tokens and JWTs, each with a filter that is forced on it, and
 * the events that were taken, as the reference knows them.
 */
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { folderTokens } from '../../src/access/token-file.ts';
import { runToken } from '../../src/commands/token.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice } from '../../support/sluice.ts';
import { referenceFits } from '../filter/reference.ts';

export type SentFilter = Readonly<Record<string, unknown>>;

export interface Reader {
  readonly secret: string;
  readonly forced: SentFilter;
  mayRead(event: StoredEvent): boolean;
}

export interface ForcedTarget {
  readonly url: string;
  /** All that was ever sent and not refused, by id. */
  readonly known: ReadonlyMap<string, StoredEvent>;
  /** A token or a JWT; it holds within a second. */
  makeReader(forced: SentFilter, kind: 'token' | 'jwt'): Promise<Reader>;
  untilKnown(reader: Reader): Promise<void>;
  /** Gives those that were taken, of which ClickHouse has none yet perhaps. */
  take(events: readonly StoredEvent[]): Promise<StoredEvent[]>;
  untilStored(events: readonly StoredEvent[]): Promise<void>;
  ask(reader: Pick<Reader, 'secret'>, path: string, body?: unknown): Promise<Response>;
  stop(): Promise<void>;
}

const owner = { secret: 'me:secret' };
const terms = { iss: 'https://id.example', aud: 'sluice' };
/** What the settings take at most. */
const lookBackMs = 25_000 * 24 * 60 * 60 * 1000;
/** Feeds look back less far than others. */
export const feedsBegin = '1960-01-01T00:00:00Z';
/** Whatever the clock says of what was sampled. */
export const allTimes = { since: '0001-01-01T00:00:00Z', until: '9999-12-31T23:59:59.999999Z' };

export async function startForcedTarget(): Promise<ForcedTarget> {
  const jwks = join(tmpdir(), `sluice-jwks-${randomUUID()}.json`);
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  writeFileSync(jwks, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256' }] }));
  const sluice = await startSluice({
    env: {
      ...{ SLUICE_JWKS: jwks, SLUICE_JWT_ISSUER: terms.iss, SLUICE_JWT_AUDIENCE: terms.aud },
      ...{ SLUICE_AUTH_STRING: owner.secret, SLUICE_FLUSH_MS: '50' },
      ...{ SLUICE_HISTORY_MAX_MS: String(lookBackMs), SLUICE_BACKFILL_MAX_MS: String(lookBackMs) },
    },
  });
  const known = new Map<string, StoredEvent>();

  /** Again where there was no room for the question. */
  async function ask({ secret }: Pick<Reader, 'secret'>, path: string, body?: unknown): Promise<Response> {
    const scheme = secret === owner.secret ? 'Basic' : 'Bearer';
    const word = scheme === 'Basic' ? Buffer.from(secret).toString('base64') : secret;
    const headers = { authorization: `${scheme} ${word}`, 'content-type': 'application/json' };
    const url = path.startsWith('http') ? path : `${sluice.url}/api${path}`;
    const asked = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
    return until('there is room for a question', async () => {
      const answer = await fetch(url, asked);
      return answer.status === 503 ? undefined : answer;
    });
  }

  async function secretOf(kind: 'token' | 'jwt', filter: SentFilter): Promise<string> {
    const name = randomUUID();
    if (kind === 'jwt') {
      return new SignJWT({ ...terms, sub: name, sluice: { read: true, admin: true, filter } })
        .setProtectedHeader({ alg: 'RS256', kid: 'k' })
        .setExpirationTime('1d')
        .sign(privateKey);
    }
    const audit = { operated: () => undefined };
    const place = { tokens: folderTokens(sluice.dataDir), areShared: false, audit };
    const words = ['create', '--name', name, '--read', '--admin', '--filter', JSON.stringify(filter)];
    return (await runToken(place, words)).stdout.trim();
  }

  return {
    url: sluice.url,
    known,
    ask,
    async makeReader(forced, kind) {
      return { forced, secret: await secretOf(kind, forced), mayRead: (event) => referenceFits(forced, event) };
    },
    async untilKnown(reader) {
      await until('the reader is known', async () => (await ask(reader, '/version')).ok || undefined);
    },
    async take(events) {
      // Known before it is sent: a feed may show it before the answer is here.
      for (const event of events) known.set(event.body.id, event);
      const answers = await Promise.all(events.map((event) => ask(owner, '/events', [event.body])));
      const taken = events.filter((_, nth) => answers[nth]?.status === 204);
      for (const event of events) if (!taken.includes(event)) known.delete(event.body.id);
      return taken;
    },
    async untilStored(events) {
      const filter = { occurred: allTimes, id: { id: events.map(({ body }) => body.id) } };
      await until('all are stored', async () => {
        const answer = await ask(owner, '/events/filter', { filter, limit: 1 });
        const { total } = (await answer.json()) as { total: number }; // as answered
        return total === events.length || undefined;
      });
    },
    async stop() {
      await sluice.stop();
      removeData(sluice);
      rmSync(jwks, { force: true });
    },
  };
}
