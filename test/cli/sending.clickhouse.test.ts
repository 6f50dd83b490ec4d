/**
 * The command line as a process that sends and follows: emit, import and tail, over refused lines, a restart of the
 * server, and a second run.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandOptions, program, runCommand, startCommand } from '../../support/command-line.ts';
import { eventLike, publish } from '../../support/events.ts';
import { listenHere } from '../../support/free-port.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import type { Target } from '../../support/target.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-sending-'));
let sluice: TestSluice;
const target: Target = { baseUrl: () => sluice.url, strict: true };

const ask = (words: readonly string[], options: CommandOptions = {}) =>
  runCommand(words, { ...options, env: { SLUICE_URL: sluice.url, ...options.env } });
const start = (words: readonly string[]) => startCommand(words, { env: { SLUICE_URL: sluice.url } });
const textsOf = async (name: string): Promise<string[]> => {
  const { stdout } = await ask(['query', `event:${name}`, '--all', '--order', 'asc', '-o', 'ndjson']);
  return stdout.split('\n').filter((line) => line !== '');
};
const untilStored = (name: string, count: number): Promise<string[]> =>
  until(`${count} of ${name} can be queried`, async () => {
    const texts = await textsOf(name);
    return texts.length >= count ? texts : undefined;
  });

beforeAll(async () => {
  sluice = await startSluice();
});
afterAll(async () => {
  await sluice?.stop();
  removeData(sluice);
  rmSync(folder, { recursive: true, force: true });
});

describe('emit', () => {
  it('sends one event of its flags, and prints its id', async () => {
    const payload = join(folder, 'payload.json');
    writeFileSync(payload, '{"by":"ann"}');
    const words = ['-r', 'door.7', '-l', 'region=eu', '--payload', `@${payload}`, '--related', 'run.1&role=flow'];
    const { code, stdout } = await ask(['emit', 'one.door', ...words, '--occurred', '2026-11-29T08:30:00Z']);
    expect(code).toBe(0);
    const [text = ''] = await untilStored('one.door', 1);
    expect(JSON.parse(text)).toMatchObject({
      id: stdout.trim(),
      occurred: '2026-11-29T08:30:00Z',
      resource: { 'prefect.resource.id': 'door.7', region: 'eu' },
      related: [{ 'prefect.resource.id': 'run.1', 'prefect.resource.role': 'flow' }],
      payload: { by: 'ann' },
    });
  });

  it.each([
    [['emit', 'x'], 2, 'name it by --resource'],
    [['emit', 'x', '-r', 'y', '--payload', '[]'], 2, 'must be an object of JSON'],
    [['emit', '-', '-r', 'y'], 2, 'whole events'],
    [['emit', 'x', '-r', 'y', '--id', 'none'], 1, 'The event is refused: id'],
    [['import', join(folder, 'none')], 1, 'cannot be read (ENOENT)'],
  ])('says in a sentence what is wrong: %j', async (words, code, sentence) => {
    expect(await ask(words)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(sentence) });
  });

  it('takes lines of stdin, names each that is refused, and sends the rest as it was written', async () => {
    const lines = [
      '{"event":"of.stdin","resource":{"prefect.resource.id":"a"},"payload":{"n":1.0}}',
      'no json',
      '{"event":5,"resource":{"prefect.resource.id":"a"}}',
      '',
      '{ "event": "of.stdin", "resource": {"prefect.resource.id":"b"}, "id": "0b5f3cde-7a52-4f8b-9a5a-6f0a4c0f2d11" }',
    ];
    const { code, stdout, stderr } = await ask(['emit', '-'], { input: lines.join('\n') });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      'sluice: line 2: It is no JSON object\nsluice: line 3: event: Input should be a valid string\n',
    );
    const texts = await untilStored('of.stdin', 2);
    expect(texts.join('\n')).toContain('"payload":{"n":1.0}');
    expect(texts.join('\n')).toContain('0b5f3cde-7a52-4f8b-9a5a-6f0a4c0f2d11');
  });

  it('says that stdin was empty', async () => {
    const { code, stdout, stderr } = await ask(['emit'], { input: '' });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^sluice: there was no event to emit: .*\n$/);
  });

  it('sends a line as soon as it comes, and ends with its input', async () => {
    const { child, ended } = start(['emit', '-']);
    child.stdin.write('{"event":"as.it.comes","resource":{"prefect.resource.id":"a"}}\n');
    await untilStored('as.it.comes', 1);
    child.stdin.end();
    expect((await ended).code).toBe(0);
  });

  it('says once why it waits, where the server takes nothing', async () => {
    let asked = 0;
    const full = createServer((request, response) => {
      asked += 1;
      request.resume();
      response.writeHead(asked < 5 ? 503 : 204).end(asked < 5 ? '{"message":"The disk is full."}' : '');
    });
    const url = `http://127.0.0.1:${await listenHere(full)}`;
    const { code, stderr } = await ask(['emit', 'a.b', '-r', 'x', '--url', url]);
    full.close();
    expect(code).toBe(0);
    expect(stderr).toMatch(/^sluice: 503: .*; trying again\nsluice: the server takes events again\n$/);
  });

  it('sends no more a second than it may', async () => {
    const line = '{"event":"at.a.rate","resource":{"prefect.resource.id":"a"}}\n';
    const { code, ms } = await ask(['emit', '-', '--rate', '50'], { input: line.repeat(100) });
    expect(code).toBe(0);
    expect(ms).toBeGreaterThan(1_500);
  });
});

describe('import', () => {
  it.each(['plain.ndjson', 'packed.ndjson.gz'])(
    'run twice it stores each once, with its id and its text: %s',
    async (name) => {
      const event = `import.${name}`;
      await publish(
        target,
        Array.from({ length: 30 }, () => eventLike({ event })),
      );
      const before = await untilStored(event, 30);
      const withOwnId = (text: string): string => text.replace(/"id":"[^"]*"/, `"id":"${randomUUID()}"`);
      const fresh = before.map((text) => withOwnId(text.replaceAll(event, `again.${name}`)));
      const path = join(folder, name);
      writeFileSync(path, name.endsWith('.gz') ? gzipSync(`${fresh.join('\n')}\n`) : `${fresh.join('\n')}\n`);
      expect(await ask(['import', path])).toMatchObject({ code: 0, stdout: '', stderr: '' });
      expect(await ask(['import', path])).toMatchObject({ code: 0 });
      const after = await untilStored(`again.${name}`, 30);
      const withoutReceived = (text: string): string => text.replace(/,"received":"[^"]*"/, '');
      expect(after.map(withoutReceived).sort()).toEqual(fresh.map(withoutReceived).sort());
    },
  );

  it('goes on through a kill of the server, and each event is there once', async () => {
    const count = 20_000;
    const path = join(folder, 'killed.ndjson');
    const line = (at: number): string =>
      JSON.stringify({ ...eventLike({ event: 'through.a.kill' }), payload: { at, pad: 'x'.repeat(500) } });
    writeFileSync(path, `${Array.from({ length: count }, (_, at) => line(at)).join('\n')}\n`);
    const running = start(['import', path, '--rate', '10000']);
    await until(
      'some are stored',
      async () => (await ask(['query', 'event:through.a.kill', '--limit', '1'])).stdout || undefined,
    );
    const port = Number(new URL(sluice.url).port);
    await sluice.kill();
    sluice = await startSluice({ dataDir: sluice.dataDir, port });
    expect(await running.ended).toMatchObject({ code: 0 });
    const seen = await until('all can be queried', async () => {
      const { stdout } = await ask(['query', 'event:through.a.kill', '--limit', '1']);
      const counted = await ask(['count', 'event', 'event:through.a.kill', '-o', 'json']);
      const [group] = JSON.parse(counted.stdout) as { count: number }[];
      return stdout !== '' && (group?.count ?? 0) >= count ? group?.count : undefined;
    });
    expect(seen).toBe(count);
  });
});

describe('tail', () => {
  it('shows history, ends where it is caught up, and counts', async () => {
    const occurred = (at: number): string => new Date(Date.now() - 60_000 + at).toISOString();
    await publish(
      target,
      Array.from({ length: 20 }, (_, at) => eventLike({ event: 'tail.some', occurred: occurred(at), payload: { at } })),
    );
    const whole = await ask(['tail', 'event:tail.some', '--since', '10m', '--until-caught-up', '-t', '{payload.at}']);
    expect(whole).toMatchObject({ code: 0, stderr: '' });
    expect(whole.stdout.trim().split('\n')).toEqual(Array.from({ length: 20 }, (_, at) => String(at)));
    const some = await ask(['tail', 'event:tail.some', '--since', '10m', '--count', '3', '-o', 'ndjson']);
    expect(some.stdout.trim().split('\n')).toHaveLength(3);
    await untilStored('tail.some', 20);
    const newest = await ask(['tail', 'event:tail.some', '-n', '5', '--until-caught-up', '-t', '{payload.at}']);
    expect(newest.stdout.trim().split('\n').slice(-5)).toEqual(['15', '16', '17', '18', '19']);
  });

  it('shows every event once through a restart, says so on stderr, and ends with 0 by Ctrl-C', async () => {
    const running = start(['tail', 'event:tail.restart', '--since', '1m', '-t', '{payload.at}']);
    // History has them in the order of their times.
    const firstMs = Date.now();
    const send = (from: number) =>
      publish(
        target,
        Array.from({ length: 10 }, (_, at) =>
          eventLike({
            event: 'tail.restart',
            occurred: new Date(firstMs + from + at).toISOString(),
            payload: { at: from + at },
          }),
        ),
      );
    await send(0);
    await until('ten are shown', () => running.stdout().trim().split('\n').length === 10 || undefined);
    const port = Number(new URL(sluice.url).port);
    await sluice.kill();
    sluice = await startSluice({ dataDir: sluice.dataDir, port });
    await send(10);
    await until('twenty are shown', () => running.stdout().trim().split('\n').length >= 20 || undefined);
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toEqual(Array.from({ length: 20 }, (_, at) => String(at)));
    expect(stderr).toContain('the connection is gone');
    expect(stderr).toContain('connected again');
  });

  it('ends at once where its reader has enough, though nothing more comes', async () => {
    await publish(target, [eventLike({ event: 'tail.head', payload: { at: 1 } })]);
    const line = `${process.execPath} ${program} tail event:tail.head --since 10m -t '{payload.at}'`;
    const tail = spawn('bash', ['-c', `${line} | { read first; echo "$first"; date +%s%3N >&2; }`], {
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', SLUICE_URL: sluice.url },
    });
    let [stdout, left] = ['', ''];
    tail.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
    tail.stderr.on('data', (text: Buffer) => (left += text.toString()));
    const [code] = await once(tail, 'close');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '1\n' });
    expect(Date.now() - Number(left)).toBeLessThan(5_000);
  });

  it('goes on behind its checkpoint, which wins over --since', async () => {
    const path = join(folder, 'tail.checkpoint');
    const words = [
      'tail',
      'event:tail.kept',
      '--checkpoint',
      path,
      '--since',
      '10m',
      '--until-caught-up',
      '-t',
      '{payload.at}',
    ];
    await publish(target, [eventLike({ event: 'tail.kept', payload: { at: 1 } })]);
    expect((await ask(words)).stdout).toBe('1\n');
    await publish(target, [eventLike({ event: 'tail.kept', payload: { at: 2 } })]);
    expect((await ask(words)).stdout).toBe('2\n');
    expect(readFileSync(path, 'utf8')).toMatch(/^\S+@\S+\n$/);
    const other = await ask(['tail', 'event:other', '--checkpoint', path, '--until-caught-up']);
    expect(other.code).toBe(1);
  });

  it('ends with 3 where events may be missing', async () => {
    const path = join(folder, 'gap.checkpoint');
    await publish(target, [eventLike({ event: 'tail.gap' })]);
    const words = ['tail', 'event:tail.gap', '--checkpoint', path, '--since', '10m', '--until-caught-up'];
    expect((await ask(words)).code).toBe(0);
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, before.replace(/^\d+@/, '9007199254740991@'));
    const { code, stderr } = await ask(words);
    expect(code).toBe(3);
    expect(stderr).toContain('Events may be missing here');
    expect((await ask([...words, '--on-gap', 'warn'])).code).toBe(0);
  });
});
