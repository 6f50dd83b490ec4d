/**
 * The command line as a process that takes events elsewhere and looks after servers: replay, forward, doctor, top and
 * the completion.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CommandOptions, hasTerminal, runCommand, startCommand } from '../../support/command-line.ts';
import { eventLike, publish } from '../../support/events.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import type { Target } from '../../support/target.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-moving-'));
let sluice: TestSluice;
let other: TestSluice;
const target: Target = { baseUrl: () => sluice.url, strict: true };

const ask = (words: readonly string[], options: CommandOptions = {}) =>
  runCommand(words, { ...options, env: { SLUICE_URL: sluice.url, ...options.env } });
const textsAt = async (url: string, name: string): Promise<string[]> => {
  const { stdout } = await ask(['query', `event:${name}`, '--all', '--order', 'asc', '-o', 'ndjson', '--url', url]);
  return stdout.split('\n').filter((line) => line !== '');
};
const untilStored = (url: string, name: string, count: number): Promise<string[]> =>
  until(`${count} of ${name} can be queried`, async () => {
    const texts = await textsAt(url, name);
    return texts.length >= count ? texts : undefined;
  });
const withoutReceived = (text: string): string => text.replace(/,"received":"[^"]*"/, '');
/** A tenth of a second apart. */
function sendSome(event: string, count: number): Promise<void> {
  const firstMs = Date.now() - 60_000;
  const events = Array.from({ length: count }, (_, at) =>
    eventLike({ event, occurred: new Date(firstMs + 100 * at).toISOString(), payload: { at } }),
  );
  return publish(target, events);
}

beforeAll(async () => {
  [sluice, other] = await Promise.all([startSluice(), startSluice()]);
});
afterAll(async () => {
  await Promise.all([sluice?.stop(), other?.stop()]);
  removeData(sluice);
  removeData(other);
  rmSync(folder, { recursive: true, force: true });
});

describe('replay', () => {
  it('gives another server the same events, once however often it runs', async () => {
    await sendSome('replay.same', 20);
    const before = await untilStored(sluice.url, 'replay.same', 20);
    const words = ['replay', 'event:replay.same', '--to', other.url];
    const dry = await ask([...words, '--dry-run']);
    expect(dry).toMatchObject({ code: 0, stdout: '20\n' });
    expect(await textsAt(other.url, 'replay.same')).toEqual([]);
    for (let run = 0; run < 2; run += 1) expect(await ask(words)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const after = await untilStored(other.url, 'replay.same', 20);
    expect(after.map(withoutReceived)).toEqual(before.map(withoutReceived));
  });

  it('as new has the times of now in their old distances, and ids of the run', async () => {
    await sendSome('replay.new', 11);
    await untilStored(sluice.url, 'replay.new', 11);
    const words = ['replay', 'event:replay.new', '--to', other.url, '--as-new', '--run', 'one', '--speed', '1'];
    const begunMs = Date.now();
    const { code, ms } = await ask(words);
    expect(code).toBe(0);
    expect(ms).toBeGreaterThan(1_000);
    const texts = await untilStored(other.url, 'replay.new', 11);
    const times = texts.map((text) => Date.parse((JSON.parse(text) as { occurred: string }).occurred));
    expect(times[0]).toBeGreaterThanOrEqual(begunMs);
    expect((times[10] ?? 0) - (times[0] ?? 0)).toBe(1_000);
  });
});

describe('forward', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  /** An address that answers by what `statusOf` says of each body, and keeps what it took. */
  async function address(statusOf: (body: string, nth: number) => number) {
    const taken: { body: string; headers: IncomingHttpHeaders }[] = [];
    let nth = 0;
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      nth += 1;
      const status = statusOf(body, nth);
      if (status < 300) taken.push({ body, headers: request.headers });
      response.writeHead(status, { 'retry-after': '0' }).end();
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, taken };
  }

  it('posts each event once in order, signed, through failures; goes on from its checkpoint', async () => {
    const hook = await address((_, nth) => (nth === 3 ? 503 : 204));
    const path = join(folder, 'forward.checkpoint');
    const env = { SLUICE_FORWARD_SECRET: `whsec_${Buffer.from('of the hook').toString('base64')}` };
    const words = ['forward', 'event:forward.some', '--to', hook.url, '--checkpoint', path, '--since', '10m'];
    await sendSome('forward.some', 10);
    const first = await ask([...words, '--until-caught-up'], { env });
    expect(first.code).toBe(0);
    expect(first.stderr).toContain('status 503');
    const payloads = (): number[] =>
      hook.taken.map(({ body }) => (JSON.parse(body) as { payload: { at: number } }).payload.at);
    expect(payloads()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const { body, headers } of hook.taken) {
      const { id } = JSON.parse(body) as { id: string };
      const signed = `${id}.${String(headers['webhook-timestamp'])}.${body}`;
      const hmac = createHmac('sha256', 'of the hook').update(signed).digest('base64');
      expect(headers).toMatchObject({ 'webhook-id': id, 'webhook-signature': `v1,${hmac}` });
    }
    await publish(target, [eventLike({ event: 'forward.some', payload: { at: 10 } })]);
    expect((await ask([...words, '--until-caught-up'], { env })).code).toBe(0);
    expect(payloads().slice(10)).toEqual([10]);
  });

  it('puts what the address refuses into the dead letter, and goes on', async () => {
    const hook = await address((body) => (body.includes('"at":1}') ? 422 : 200));
    const path = join(folder, 'refused.checkpoint');
    await sendSome('forward.refused', 3);
    const words = ['forward', 'event:forward.refused', '--to', hook.url, '--checkpoint', path, '--since', '10m'];
    const { code, stderr } = await ask([...words, '--until-caught-up']);
    expect(code).toBe(0);
    expect(stderr).toContain('refused (status 422)');
    expect(hook.taken).toHaveLength(2);
    const dead = readFileSync(`${path}.dead.ndjson`, 'utf8').trim().split('\n');
    expect(dead.map((line) => (JSON.parse(line) as { payload: object }).payload)).toEqual([{ at: 1 }]);
  });

  it('sends batches as arrays, and gives up after its time', async () => {
    const hook = await address((_, nth) => (nth === 1 ? 200 : 500));
    const path = join(folder, 'batch.checkpoint');
    await sendSome('forward.batch', 30);
    const words = ['forward', 'event:forward.batch', '--to', hook.url, '--checkpoint', path, '--since', '10m'];
    const { code, stderr } = await ask([...words, '--batch', '5', '--retry-for', '1s']);
    expect(code).toBe(1);
    expect(stderr).toContain('The address took nothing for 1 s');
    const [first] = hook.taken;
    const size = (JSON.parse(first?.body ?? '[]') as object[]).length;
    expect(size).toBeGreaterThanOrEqual(1);
    expect(size).toBeLessThanOrEqual(5);
    expect(existsSync(`${path}.dead.ndjson`)).toBe(false);
  });
});

describe('doctor', () => {
  it('looks at machine and server, and makes a round trip', async () => {
    const env = { SLUICE_DATA_DIR: folder, SLUICE_PORT: '0', SLUICE_SOCKETS_MAX: '10' };
    const { code, stdout } = await ask(['doctor'], { env });
    expect(stdout).toMatch(/^ok {2}round trip +an event was acknowledged after \d+ ms, and found after \d+ ms$/m);
    expect({ code, bad: stdout.match(/^NO.*/gm) }).toEqual({ code: 0, bad: null });
    expect(await textsAt(sluice.url, 'sluice.doctor')).toHaveLength(1);
  });

  it('takes folder and port as serve does, and asks the server that has them', async () => {
    const { port } = new URL(sluice.url);
    const words = ['doctor', '--data-dir', folder, '--port', port, '-o', 'json'];
    const { code, stdout } = await runCommand(words, { env: { SLUICE_SOCKETS_MAX: '10' } });
    expect(JSON.parse(stdout)).toEqual(
      expect.arrayContaining([
        { name: 'data folder', ok: true, says: `${folder} can be written` },
        { name: 'port', ok: true, says: `127.0.0.1:${port} is taken, by the server that is asked below` },
        { name: 'server', ok: true, says: `http://127.0.0.1:${port} answers 200` },
      ]),
    );
    expect(code).toBe(0);
    expect(await runCommand(['doctor', '--port', 'none'])).toMatchObject({ code: 2, stdout: '' });
  });

  it('says what to do where something is not ok', async () => {
    const env = { SLUICE_DATA_DIR: folder, SLUICE_PORT: 'none', SLUICE_URL: 'http://127.0.0.1:1' };
    const { code, stdout } = await ask(['doctor', '-o', 'json'], { env });
    expect(code).toBe(1);
    const bad = (JSON.parse(stdout) as { name: string; ok: boolean; says: string }[]).filter(({ ok }) => !ok);
    expect(bad).toMatchObject([
      { name: 'settings', says: expect.stringContaining('SLUICE_PORT must be') },
      { name: 'server', says: expect.stringContaining('nobody answers at http://127.0.0.1:1') },
    ]);
  });
});

describe('top', () => {
  it('draws one picture where there is no terminal', async () => {
    const follower = startCommand(['tail', '--url', sluice.url]);
    const { code, stdout } = await until('the follower is listed', async () => {
      const result = await ask(['top', '--every', '1s']);
      return /subscriber/.test(result.stdout.split('\n').slice(10).join()) ? result : undefined;
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^sluice top {2}OK {2}/);
    expect(stdout).toMatch(/^engine +ready {2}ClickHouse \d+/m);
    expect(stdout).toMatch(/ +1 {2}subscriber|subscriber +\S+ +streaming +0 B/);
    follower.child.kill('SIGINT');
    await follower.ended;
  });

  it.skipIf(!hasTerminal)('fills the screen, and gives it back at q', async () => {
    const running = startCommand(['top', '--every', '1s'], { columns: 80, env: { SLUICE_URL: sluice.url } });
    await until('it has drawn', () => running.stdout().includes('sluice top') || undefined);
    running.child.stdin.write('q');
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout.startsWith('\u001b[?1049h')).toBe(true);
    expect(stdout.trimEnd().endsWith('\u001b[?1049l')).toBe(true);
  });
});

describe('the completion', () => {
  it('of bash knows commands, options and choices', async () => {
    const { stdout: script } = await runCommand(['completion', 'bash']);
    const complete = (...words: string[]): string[] => {
      const set = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}`;
      const printed = `${script}\n${set}; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['--norc', '-c', printed], { encoding: 'utf8', env: { PATH: process.env['PATH'] } })
        .trim()
        .split('\n');
    };
    expect(complete('sluice', 'to')).toEqual(['top', 'token']);
    expect(complete('sluice', 'query', '--ou')).toEqual(['--output']);
    expect(complete('sluice', 'query', '--output', '')).toEqual(['text', 'json', 'ndjson', 'csv']);
    expect(complete('sluice', 'token', 'c')).toEqual(['create']);
  });

  it.each(['zsh', 'fish'])('of %s is taken by that shell', async (shell) => {
    const { code, stdout } = await runCommand(['completion', shell]);
    expect(code).toBe(0);
    expect(stdout).toContain('until-caught-up');
    const path = join(folder, `completion.${shell}`);
    writeFileSync(path, stdout);
    const check = spawnSync(shell, ['-n', path], { encoding: 'utf8' });
    if (check.error !== undefined)
      console.log(`skipped: the completion of ${shell} was not read by it, for it is not installed`);
    else expect(check).toMatchObject({ status: 0, stderr: '' });
  });
});
