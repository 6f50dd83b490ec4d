/**
 * Proves that a server which is asked in the place of another one is of the same store (I1, I8): it must have the
 * heartbeat that was written through the other one. Two servers that know nothing of one another would each get a part
 * of the events.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../base/errors.ts';
import type { AskedServer } from './connection.ts';

/** How long a heartbeat may take from one replica to another. */
const lagMs = 10_000;
const askMs = 500;

export class SameStore {
  #last: { readonly url: string; readonly beat: string } | null = null;

  /** To be called before a server is relied on. Rejects with Failure storeRefused. */
  async check(server: AskedServer, owner: string, withinMs = lagMs): Promise<void> {
    const last = this.#last;
    if (last === null || last.url === server.url) return;
    const deadline = Date.now() + withinMs;
    while ((await beatOf(server, owner)) < last.beat) {
      if (Date.now() >= deadline) {
        throw new Failure(
          'storeRefused',
          `CLICKHOUSE_URL names several servers, but ${server.url} does not have what was written through ` +
            `${last.url}: they are not one store. Nothing is inserted there.`,
        );
      }
      await wait(askMs);
    }
  }

  /** To be called when a heartbeat of this owner was written through the server. */
  async note(server: AskedServer, owner: string): Promise<void> {
    this.#last = { url: server.url, beat: await beatOf(server, owner) };
  }
}

/** The newest heartbeat of an owner, as ClickHouse prints it; '' if there is none. */
async function beatOf({ client }: AskedServer, owner: string): Promise<string> {
  const result = await client.query({
    query: `SELECT if(count() = 0, '', toString(max(heartbeat))) AS beat FROM journals WHERE owner = {owner:String}`,
    query_params: { owner },
    format: 'JSONEachRow',
  });
  const [row] = await result.json<{ beat: string }>();
  return row?.beat ?? '';
}
