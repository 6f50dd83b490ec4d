/**
 * Several URLs of one store (I1, I8, I9): when one does not answer another one is asked, once it has shown that it is
 * the same store.
 */
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connectStore } from '../../src/app/connect-store.ts';
import type { JournalFacts } from '../../src/clickhouse/ownership.ts';
import type { Store } from '../../src/clickhouse/store.ts';
import { readConfig } from '../../src/config/config.ts';
import { silentLog } from '../../support/engine.ts';
import { listenHere } from '../../support/free-port.ts';
import { rowLines } from '../../support/rows.ts';
import { startShards, type TestShards } from '../../support/shards.ts';

/** Two servers that know nothing of one another's tables. */
let servers: TestShards;
let stores: Store[] = [];
let doors: Door[] = [];
beforeAll(async () => {
  servers = await startShards(2);
}, 150_000);
afterAll(() => servers?.stop());
afterEach(async () => {
  for (const store of stores) await store.close();
  for (const door of doors) door.shut();
  [stores, doors] = [[], []];
});

/** A port that leads to a server until it is shut. */
class Door {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(toPort: number) {
    this.#server = createServer((socket) => {
      const upstream = createConnection(toPort, '127.0.0.1');
      for (const each of [socket, upstream]) {
        this.#sockets.add(each);
        each.on('error', () => undefined).once('close', () => this.#shutAll([socket, upstream]));
      }
      socket.pipe(upstream);
      upstream.pipe(socket);
    });
  }

  open(): Promise<number> {
    return listenHere(this.#server);
  }

  shut(): void {
    this.#server.close();
    this.#shutAll([...this.#sockets]);
  }

  #shutAll(sockets: readonly Socket[]): void {
    for (const socket of sockets) {
      socket.destroy();
      this.#sockets.delete(socket);
    }
  }
}

function factsOf(owner: string): JournalFacts {
  const epoch = `b1a50000-0000-4000-8000-00000000000${owner.length}`;
  return { owner, epoch, firstSeq: 1000, checkpoint: 999, head: 2000, sentUpTo: 2000, everInserted: false };
}

/** By a door to each of the servers, in this order. */
async function openBy(owner: string, database: string, order: readonly number[]): Promise<Door[]> {
  const opened = order.map((nth) => new Door(Number(new URL(servers.endpoints[nth - 1]?.url ?? '').port)));
  doors.push(...opened);
  const ports = await Promise.all(opened.map((door) => door.open()));
  const urls = ports.map((port) => `http://sluice:secret@127.0.0.1:${port}/${database}`);
  const config = readConfig({ CLICKHOUSE_URL: urls.join(',') }, []);
  const store = connectStore(config, { facts: () => Promise.resolve(factsOf(owner)) }, silentLog);
  stores.push(store);
  await store.whenReady(AbortSignal.timeout(30_000));
  return opened;
}

test('when one URL does not answer the next one is asked, and goes on with the same events', async () => {
  const [first] = await openBy('one', 'same', [1, 1]);
  const [store] = stores;
  await store?.insertRows(rowLines([{ seq: 1001 }, { seq: 1002 }]), 'e:1001-1002');
  first?.shut();
  await expect
    .poll(() => store?.rows('SELECT count() AS rows FROM events', {}).catch(String), { timeout: 20_000 })
    .toEqual([{ rows: 2 }]);
  await store?.insertRows(rowLines([{ seq: 1001 }, { seq: 1002 }]), 'e:1001-1002');
  await store?.insertRows(rowLines([{ seq: 1003 }]), 'e:1003-1003');
  expect(await store?.rows('SELECT count() AS rows FROM events', {})).toEqual([{ rows: 3 }]);
}, 150_000);

test('a server that is another store gets nothing, and the sentence names both', async () => {
  const [first] = await openBy('other', 'apart', [1, 2]);
  const [store] = stores;
  first?.shut();
  const seen: string[] = [];
  const watch = store?.status$.subscribe(({ phase, reason }) => seen.push(`${phase} ${reason}`));
  const isTold = () => seen.find((text) => text.includes('they are not one store'));
  await expect.poll(isTold, { timeout: 30_000 }).toMatch(/^refused .*127\.0\.0\.1:\d+ does not have.*127\.0\.0\.1:\d+/);
  watch?.unsubscribe();
  await expect(store?.insertRows(rowLines([{ seq: 1001 }]), 'e:1001-1001')).rejects.toThrow();
}, 150_000);
