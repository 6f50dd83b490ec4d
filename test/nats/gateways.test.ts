/**
 * Gateways on a real NATS server: what is sent to any of them is on all of them, once and in one order, whoever is
 * killed meanwhile.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { splitRow } from '../../src/event-log/row.ts';
import { installNats, launchNats, type NatsProcess } from '../../support/peers/nats-server.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { open } from '../journal/support.ts';

const installed = await installNats(repositoryRoot());
if (!installed.found) console.info(installed.sentence);

/** Each process compiles what it runs. */
const startMs = 240_000;
const testMs = 600_000;
const epoch = randomUUID();
const firstSeq = 5_000_001;

/** Those that may still run. */
const living = new Set<GatewayProcess>();

class GatewayProcess {
  readonly pongs = new Set<number>();
  readonly settled = new Set<number>();
  isReady = false;
  isDrained = false;
  hasEnded = false;
  /** Ids of the events of each line. */
  readonly sent: string[][] = [];
  readonly folder: string;
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  #errors = '';

  constructor(folder: string, id: string, port: number) {
    mkdirSync(join(folder, 'spool'), { recursive: true });
    mkdirSync(join(folder, 'replica'), { recursive: true });
    this.folder = folder;
    const words = ['--import', './support/run-ts.mjs', 'test/nats/gateway-process.ts', folder, id];
    const child = spawn(process.execPath, [...words, String(port), epoch, String(firstSeq)], {
      cwd: repositoryRoot(),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    living.add(this);
    this.#gone = new Promise((resolve) => child.once('exit', resolve));
    createInterface({ input: child.stderr }).on('line', (line) => {
      // What kill -9 leaves of a write that was under way.
      if (!line.includes('the journal ended in an unfinished write, which is cut')) this.#errors += line;
    });
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(line));
  }

  async ready(): Promise<this> {
    await until('a gateway is ready', () => this.#fact(this.isReady), startMs);
    return this;
  }

  send(ids: readonly string[]): void {
    this.sent.push([...ids]);
    this.#child.stdin?.write(`${JSON.stringify(ids.map(eventWith))}\n`);
  }

  async allSettled(): Promise<void> {
    await until('all is settled', () => this.#fact(this.settled.size === this.sent.length), startMs);
  }

  /** The ids that were promised: by a pong, which is what the process said last of all before a kill. */
  get promised(): string[] {
    return [...this.pongs].flatMap((line) => this.sent[line - 1] ?? []);
  }

  /** Its spool is in the log, so it sends nothing more. */
  async drained(): Promise<void> {
    this.#child.stdin?.write('drain\n');
    await until('a gateway has sent all', () => this.#fact(this.isDrained), startMs);
  }

  /** Once all are drained, it has the whole log when it ends. */
  async quit(): Promise<void> {
    this.#child.stdin?.write('quit\n');
    await this.#gone;
    living.delete(this);
    expect([this.hasEnded, this.#errors]).toEqual([true, '']);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
    living.delete(this);
  }

  #hear(line: string): void {
    const [word, number] = line.split(' ');
    if (word === 'ready') this.isReady = true;
    else if (word === 'drained') this.isDrained = true;
    else if (word === 'ended') this.hasEnded = true;
    else if (word === 'pong') this.pongs.add(Number(number));
    else if (word === 'settled') this.settled.add(Number(number));
    else this.#errors += line;
  }

  #fact(holds: boolean): true | undefined {
    if (this.#errors !== '') throw new Error(this.#errors);
    return holds ? true : undefined;
  }
}

function eventWith(id: string): object {
  return {
    id,
    occurred: new Date().toISOString(),
    event: 'door.opened',
    resource: { 'prefect.resource.id': 'door.7' },
  };
}

/** The rows of a gateway's replica. */
function rowsOf(folder: string): string {
  const journal = open(join(folder, 'replica'), { replicaOf: { epoch, firstSeq } });
  const rows = journal.read(journal.oldest, Number.MAX_SAFE_INTEGER, journal.head).rows.toString();
  journal.close();
  return rows;
}

const idsIn = (rows: string): string[] =>
  rows
    .trimEnd()
    .split('\n')
    .map((line) => splitRow(line).id);
const fresh = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

describe.skipIf(!installed.found)('gateways on NATS', () => {
  let root: string;
  let server: NatsProcess;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'sluice-nats-'));
    server = await launchNats(installed.found ? installed.folder : '', { directory: join(root, 'nats') });
  });
  afterEach(async () => {
    await Promise.all([...living].map((gateway) => gateway.kill()));
  });
  afterAll(async () => {
    await server.kill();
    rmSync(root, { recursive: true, force: true });
  });

  const start = (id: string): Promise<GatewayProcess> => new GatewayProcess(join(root, id), id, server.port).ready();

  it(
    'have all events once, in one order, with the same text',
    async () => {
      const [one, other] = await Promise.all([start('one'), start('other')]);
      const shared = fresh(20);
      for (let nth = 0; nth < 20; nth += 1) {
        one.send([...fresh(3), shared[nth]!]);
        other.send([shared[nth]!, ...fresh(2)]);
      }
      await Promise.all([one.allSettled(), other.allSettled()]);
      await Promise.all([one.drained(), other.drained()]);
      await Promise.all([one.quit(), other.quit()]);
      const rows = rowsOf(one.folder);
      expect(rowsOf(other.folder)).toBe(rows);
      const ids = idsIn(rows);
      expect(new Set(ids)).toEqual(new Set([...one.sent, ...other.sent].flat()));
      expect([ids.length, splitRow(rows.split('\n')[0]!).seq]).toEqual([20 * 6, firstSeq]);
    },
    testMs,
  );

  it(
    'lose nothing that was answered when one is killed, and the server too',
    async () => {
      const names = ['one', 'other'];
      const lives: GatewayProcess[] = [];
      let gateways = await Promise.all(names.map(start));
      for (let round = 0; round < 4; round += 1) {
        for (let nth = 0; nth < 30; nth += 1) for (const gateway of gateways) gateway.send(fresh(1 + (nth % 4)));
        const victim = gateways[round % 2]!;
        await until('something was answered', () => (victim.pongs.size > 3 ? true : undefined));
        if (round === 2) {
          await server.kill();
          server = await launchNats(installed.found ? installed.folder : '', {
            directory: join(root, 'nats'),
            port: server.port,
          });
        }
        await victim.kill();
        lives.push(victim);
        gateways = await Promise.all(gateways.map((each) => (each === victim ? start(names[round % 2]!) : each)));
      }
      await Promise.all(gateways.map((gateway) => gateway.drained()));
      await Promise.all(gateways.map((gateway) => gateway.quit()));
      lives.push(...gateways);
      const [rows = '', ...others] = names.map((name) => rowsOf(join(root, name)));
      expect(others).toEqual([rows]);
      const ids = idsIn(rows);
      expect(new Set(ids).size).toBe(ids.length);
      const promised = lives.flatMap((life) => life.promised);
      expect(promised.length).toBeGreaterThan(100);
      const there = new Set(ids);
      expect(promised.filter((id) => !there.has(id))).toEqual([]);
    },
    testMs,
  );
});
