/**
 * `npm run crash:burst`: as many events as asked for, written without waiting for
 * anything, one ping behind each socket's last; then ClickHouse must have each once. Prints the books.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { idOf } from '../../support/crash/producers.ts';
import { readWitness } from '../../support/crash/stored.ts';
import { startVictim } from '../../support/crash/victim.ts';
import { freePort } from '../../support/peers/server-process.ts';
import { until } from '../../support/poll.ts';
import { readOptions } from '../../support/script-options.ts';
import { targetAt } from '../../support/target.ts';
import { connectSigned } from '../../support/wire-client.ts';

const { values } = readOptions({
  name: 'crash:burst',
  about: `As many events as asked for, written without waiting for anything, one ping behind each socket's last.
Prints the books; exit code 1 unless ClickHouse has each event once.`,
  options: {
    events: { default: 200_000, says: 'how many' },
    sockets: { default: 4, says: 'by how many connections' },
  },
});
const sockets = values.sockets;
const eventsOfOne = Math.floor(values.events / sockets);
const deadlineMs = 120_000;

const dataDir = mkdtempSync(join(tmpdir(), 'sluice-burst-'));
const port = await freePort();
const victim = startVictim({ dataDir, port, env: {} });
try {
  if (!(await victim.listening)) throw new Error(victim.output());
  const before = await ready();
  const began = performance.now();
  const sending = await Promise.all(Array.from({ length: sockets }, (_, nth) => burst(nth)));
  const acknowledgedMs = performance.now() - began;
  const after = await until(
    'all is in ClickHouse',
    async () => {
      const now = await ready();
      return now.pending === 0 && now.head > before.head ? now : undefined;
    },
    deadlineMs,
  );
  const storedMs = performance.now() - began;
  await victim.stop();
  const { count, distinctIds, distinctSeqs } = await readWitness(dataDir);
  say('sent and acknowledged', eventsOfOne * sockets);
  say('ms to write them all', Math.round(Math.max(...sending)));
  say('ms to the last pong', Math.round(acknowledgedMs));
  say('ms until all is stored', Math.round(storedMs));
  say('rows, seqs, ids', `${count} ${distinctSeqs} ${distinctIds}`);
  say('RSS MiB before, after', `${mebibytes(before.memory.rss)} ${mebibytes(after.memory.rss)}`);
  const isWhole = [count, distinctIds, distinctSeqs].every((each) => each === eventsOfOne * sockets);
  say('verdict', isWhole ? '0 lost, 0 twice' : 'BROKEN');
  process.exitCode = isWhole ? 0 : 1;
} finally {
  victim.kill();
  await victim.ended;
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
process.exit();

/** Resolves at the pong, to the time after which all was handed to the socket. */
async function burst(nth: number): Promise<number> {
  const texts = Array.from({ length: eventsOfOne }, (_, at) => textOf(nth * 10_000_000 + at));
  const socket = await connectSigned(targetAt(port), '/api/events/in');
  const began = performance.now();
  for (const text of texts) socket.send(text);
  const sentMs = performance.now() - began;
  const ponged = new Promise<void>((resolve) => {
    socket.onPong = resolve;
  });
  socket.sendPing();
  const ended = socket.closed.then(({ code, reason }) => Promise.reject(new Error(`closed ${code} ${reason}`)));
  await Promise.race([ponged, ended]);
  return sentMs;
}

function textOf(key: number): string {
  return JSON.stringify({
    occurred: new Date().toISOString(),
    event: `crash.${key % 5}`,
    resource: { 'prefect.resource.id': `crash.${key % 50}` },
    payload: { key, filling: 'x'.repeat(100) },
    id: idOf(key),
  });
}

interface Ready {
  readonly head: number;
  readonly pending: number;
  readonly memory: { readonly rss: number };
}

async function ready(): Promise<Ready> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/ready?verbose=1`);
  return (await answer.json()) as Ready; // readiness.ts writes these
}

function say(name: string, value: number | string): void {
  process.stdout.write(`  ${name.padEnd(26)}${value}\n`);
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / (1024 * 1024));
}
