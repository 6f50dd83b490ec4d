/**
 * `sluice import` of a file of lines until all is durable, and `sluice export` of them to a file and to a pipe. Beside
 * the import stands a load maker that posts ready bytes, beside the export a curl that throws the answer away.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventTemplate, nowMicros } from '../load/event-template.ts';
import { startLoad } from '../load/load-maker.ts';
import type { PostReport } from '../load/post.ts';
import { processCpuSeconds } from '../machine.ts';
import { freshNames, loadOptions, round } from '../target.ts';
import { cpuOf, type OwnServer, untilDrained, withServer } from './own-server.ts';

const eventBytes = 1_100;
const linesAtOnce = 1_000;
const deadlineMs = 600_000;

export async function moveLines(root: string, { events }: { readonly events: number }): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-lines-'));
  const lines = join(folder, 'lines.ndjson');
  const out = join(folder, 'out.ndjson');
  writeLines(lines, events);
  const sluice = join(root, 'bin', 'sluice.mjs');
  try {
    const loaded = await withServer(root, {}, (server) => measure(server, events, () => post(server, events)));
    return await withServer(root, {}, async (server) => {
      const command = (words: string): Promise<Times> =>
        measure(server, events, () => run(`${process.execPath} ${sluice} ${words}`, server.url));
      const imported = await command(`import ${lines}`);
      await untilDrained(server);
      const exported = await command(`export --out ${out}`);
      const piped = await command('export | cat > /dev/null');
      const bare = await measure(server, events, () =>
        run(`curl -sf ${server.url}/api/events/export -d '{}' -H 'content-type: application/json' -o /dev/null`),
      );
      const bytes = { lines: statSync(lines).size, exported: statSync(out).size };
      return {
        events,
        eventBytes,
        bytes,
        import: imported,
        'a load maker that posts': loaded,
        'export --out': exported,
        'export to a pipe': piped,
        'curl, to nowhere': bare,
      };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** µs of CPU an event. */
interface Times {
  readonly eventsPerSecond: number;
  readonly command: number;
  readonly server: number;
  readonly engine: number;
}

async function measure(server: OwnServer, events: number, work: () => Promise<number>): Promise<Times> {
  const engineBefore = processCpuSeconds(server.enginePid ?? undefined) ?? Number.NaN;
  const since = performance.now();
  const { result: seconds, cpu } = await cpuOf(server.pid, work);
  const took = (performance.now() - since) / 1000;
  const engine = (processCpuSeconds(server.enginePid ?? undefined) ?? Number.NaN) - engineBefore;
  const each = (cpuSeconds: number): number => round((cpuSeconds * 1e6) / events);
  return {
    eventsPerSecond: Math.round(events / took),
    command: each(seconds),
    server: each(cpu),
    engine: each(engine),
  };
}

/** Resolves with the CPU seconds of all that the line ran. */
async function run(line: string, url = ''): Promise<number> {
  const child = spawn('bash', ['-c', `set -e -o pipefail; TIMEFORMAT='%U %S'; time { ${line}; }`], {
    env: { ...process.env, SLUICE_URL: url },
    stdio: ['ignore', 'inherit', 'pipe'],
    timeout: deadlineMs,
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const [code] = await once(child, 'close');
  const times = /([\d.]+) ([\d.]+)\n$/.exec(said);
  if (code !== 0 || times === null) throw new Error(`${line} ended with ${code}: ${said}`);
  return Number(times[1]) + Number(times[2]);
}

async function post(server: OwnServer, eventsMax: number): Promise<number> {
  const shape = { connections: 4, batch: 700, eventsMax, spreadMs: 0, eventBytes, seconds: deadlineMs / 1000 };
  const options = { ...loadOptions(server), ...freshNames(), ...shape };
  const { acknowledged, cpuSeconds } = await startLoad<PostReport>('post', options, deadlineMs).finished;
  if (acknowledged !== eventsMax) throw new Error(`${acknowledged} of ${eventsMax} events were acknowledged`);
  return cpuSeconds;
}

/** As an export writes them: with `follows` and `received` behind the id. */
function writeLines(path: string, events: number): void {
  const template = new EventTemplate({ ...freshNames(), eventBytes: eventBytes - 60 });
  const size = template.bytes.length;
  const ending = Buffer.from(',"follows":null,"received":"2026-01-01T00:00:00.000000Z"}\n');
  const lineBytes = size - 1 + ending.length;
  const file = openSync(path, 'w');
  try {
    for (let from = 0; from < events; from += linesAtOnce) {
      const count = Math.min(linesAtOnce, events - from);
      const bytes = Buffer.allocUnsafe(count * lineBytes);
      for (let at = 0; at < count; at += 1) {
        const start = at * lineBytes;
        template.write(bytes, start, from + at, nowMicros(), nowMicros());
        ending.copy(bytes, start + size - 1);
      }
      writeSync(file, bytes);
    }
  } finally {
    closeSync(file);
  }
}
