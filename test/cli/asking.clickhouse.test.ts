/**
 * The command line as a process: query, get, count and export against a server of its own, on pipes and on a
 * pseudo-terminal; its help, its exit codes, and what goes where.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandRows } from '../../cli/command-table.ts';
import { type CommandOptions, hasTerminal, program, runCommand } from '../../support/command-line.ts';
import { eventLike, publish } from '../../support/events.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import type { Target } from '../../support/target.ts';

const authString = 'admin:pass';
const folder = mkdtempSync(join(tmpdir(), 'sluice-command-'));
const eventsCount = 230;
let sluice: TestSluice;

const ask = (words: readonly string[], options: CommandOptions = {}) =>
  runCommand(words, { ...options, env: { SLUICE_URL: sluice.url, SLUICE_TOKEN: authString, ...options.env } });

beforeAll(async () => {
  sluice = await startSluice({ env: { SLUICE_AUTH_STRING: authString } });
  const target: Target = { baseUrl: () => sluice.url, authString, strict: true };
  const events = Array.from({ length: eventsCount }, (_, at) =>
    eventLike({
      event: at % 10 === 0 ? 'door.closed' : 'door.opened',
      occurred: new Date(Date.now() - at * 60_000).toISOString(),
      resource: { 'prefect.resource.id': `door.${at % 7}`, region: at % 2 === 0 ? 'eu' : 'us', at: String(at) },
      payload: { escape: '\u001b[2J\u009b1m', at },
    }),
  );
  await publish(target, events);
  await until('all can be queried', async () => {
    const { stdout } = await ask(['query', '--all', '-t', '{id}']);
    return stdout.split('\n').length === eventsCount + 1 || undefined;
  });
});
afterAll(async () => {
  await sluice?.stop();
  removeData(sluice);
  rmSync(folder, { recursive: true, force: true });
});

describe('the help', () => {
  it.each(['', ...commandRows.map(({ name }) => name)])('answers at once, with examples: %s', async (name) => {
    const { code, stdout, stderr } = await runCommand(name === '' ? ['--help'] : [name, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(name === '' ? /Commands:/ : /Examples:\n {2}\S.*\n {4}\$ .*sluice /);
  });

  it('takes at most 300 ms, and loads neither the edge library nor the engine, as no client command does', async () => {
    const help = `TIMEFORMAT='%U %S'; time ${process.execPath} ${program} count --help`;
    const cpu = Array.from({ length: 5 }, () => {
      const { stderr } = spawnSync('bash', ['-c', help], { encoding: 'utf8' });
      return stderr.split(' ').reduce((sum, seconds) => sum + Number(seconds), 0);
    });
    // What it takes on a machine that has time for it: others may run on ours.
    expect(Math.min(...cpu)).toBeLessThan(0.3);
    const seen = await ask(['count', 'event'], {
      env: { NODE_OPTIONS: '--report-on-signal', NODE_DEBUG: 'module,esm' },
    });
    expect(seen.stderr).not.toMatch(/uws_|chdb|uWebSockets|xstate/);
  });
});

describe('query', () => {
  it('prints results on stdout and nothing else', async () => {
    const { code, stdout, stderr } = await ask(['query', 'event:door.*', 'region=eu', '--limit', '3']);
    expect({ code, stderr, lines: stdout.split('\n').length }).toEqual({ code: 0, stderr: '', lines: 4 });
    expect(stdout).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z {2}door\.\w+ {2}door\.\d {2}region=eu at=\d+ {2}\{"escape":/,
    );
  });

  it('takes flags and terms alike, negated ones too', async () => {
    const byFlags = await ask(['query', '-e', 'door.opened', '-l', 'region=us', '--limit', '5', '-o', 'ndjson']);
    const byTerms = await ask(['query', '-event:door.closed', 'region=us', '--limit', '5', '-o', 'ndjson']);
    expect(byFlags.stdout.split('\n')).toHaveLength(6);
    expect(byTerms.stdout).toBe(byFlags.stdout);
  });

  it('gives all as one array, as csv, and by a template', async () => {
    const json = await ask(['query', '--all', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toHaveLength(eventsCount);
    const csv = await ask(['query', '-o', 'csv', '--limit', '2']);
    expect(csv.stdout).toMatch(/^occurred,received,id,event,resource_id,labels,related,payload\n\d{4}-/);
    const made = await ask(['query', '--order', 'asc', '--limit', '1', '-t', '{event}|{label[at]}|{payload.at}']);
    expect(made.stdout).toMatch(/^door\.opened\|229\|229\n$/);
  });

  it('shows no control character of an event', async () => {
    const { stdout } = await ask(['query', '-t', '{payload.escape}', '--limit', '1']);
    expect(stdout).toBe('\\u001b[2J\\u009b1m\n');
  });

  it.skipIf(!hasTerminal)('is in colours and cut to its width on a terminal, but not with NO_COLOR', async () => {
    const inColours = await ask(['query', '--limit', '3'], { columns: 60 });
    expect(inColours.stdout).toContain('\u001b[1mdoor.');
    expect(inColours.stdout).toContain('3 of 230 events are shown');
    const without = await ask(['query', '--limit', '3', '--quiet'], { columns: 60, env: { NO_COLOR: '1' } });
    expect(without.stdout).not.toContain('\u001b');
    expect(
      without.stdout
        .trim()
        .split('\r\n')
        .map((line) => line.length),
    ).toEqual([60, 60, 60]);
  });
});

describe('get', () => {
  it('shows one event, or says that there is none', async () => {
    const { stdout: id } = await ask(['query', '-t', '{id}', '--limit', '1']);
    const found = await ask(['get', id.trim()]);
    expect(JSON.parse(found.stdout)).toMatchObject({ id: id.trim(), payload: { at: 0 } });
    const missing = await ask(['get', '0b5f3cde-7a52-4f8b-9a5a-6f0a4c0f2d11']);
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toMatch(/^sluice: There is no event with the id .*\.\n$/);
  });
});

describe('count', () => {
  it('draws bars for groups, and a sparkline for time', async () => {
    const groups = await ask(['count', 'event']);
    expect(groups.stdout).toMatch(
      /^event +events +share\ndoor\.opened +207 +90\.0 % +█+\ndoor\.closed +23 +10\.0 % +█+.?\n$/,
    );
    const times = await ask(['count', 'time', '--by', '1h', '--since', '5h']);
    expect(times.stdout).toMatch(/^from +events\n(\d{4}-\d\d-\d\dT\d\d:00Z +\d+.*\n){6}\n[▁-█ ]{6}\n230 events\n$/);
  });

  it('shows the share of all where only the largest are shown', async () => {
    const { stdout } = await ask(['count', 'label:region', '--top', '1']);
    expect(stdout).toMatch(/\n(eu|us) +115 +50\.0 %/);
  });

  it('gives the list of the server as json', async () => {
    const { stdout } = await ask(['count', 'resource', '-o', 'json']);
    expect(JSON.parse(stdout)).toHaveLength(7);
  });
});

describe('export', () => {
  it('gives every event once, oldest first, in a file and compressed', async () => {
    const plain = await ask(['export', '--out', join(folder, 'all.ndjson')]);
    const packed = await ask(['export', '--out', join(folder, 'all.ndjson.gz')]);
    expect([plain, packed]).toMatchObject([{ code: 0, stdout: '', stderr: '' }, { code: 0 }]);
    const lines = readFileSync(join(folder, 'all.ndjson'), 'utf8');
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { payload: { at: number } }).payload.at),
    ).toEqual(Array.from({ length: eventsCount }, (_, at) => eventsCount - 1 - at));
    expect(gunzipSync(readFileSync(join(folder, 'all.ndjson.gz'))).toString()).toBe(lines);
    expect(await ask(['export', '--out', join(folder, 'all.ndjson')])).toMatchObject({ code: 1 });
    expect((await ask(['export'])).stdout).toBe(lines);
  });

  it.each(['part.ndjson', 'part.ndjson.gz'])('goes on where it broke off: %s', async (name) => {
    const path = join(folder, name);
    // The server's own answer, broken off in the middle of a line.
    const breaking = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const answer = await fetch(`${sluice.url}${request.url}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: String(request.headers.authorization) },
        body: Buffer.concat(chunks),
      });
      const bytes = Buffer.from(await answer.arrayBuffer());
      if (bytes.length < 100) return void response.writeHead(500).end();
      response.writeHead(200, { 'sluice-export-token': answer.headers.get('sluice-export-token') ?? '' });
      response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
      breaking.close();
    }).listen(0, '127.0.0.1');
    await once(breaking, 'listening');
    const { port } = breaking.address() as AddressInfo;
    const broken = await ask(['export', '--out', path], { env: { SLUICE_URL: `http://127.0.0.1:${port}` } });
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain('--resume` goes on with it');
    const note = JSON.parse(readFileSync(`${path}.part.json`, 'utf8')) as { lines: number };
    expect(note.lines).toBeGreaterThan(10);
    expect(note.lines).toBeLessThan(eventsCount);
    // What a kill left behind the note is cut away.
    writeFileSync(path, 'half a line', { flag: 'a' });
    expect(await ask(['export', '--out', path, '--resume'])).toMatchObject({ code: 0 });
    const bytes = readFileSync(path);
    const text = name.endsWith('.gz') ? gunzipSync(bytes).toString() : bytes.toString();
    expect(text).toBe((await ask(['export'])).stdout);
    expect(await ask(['export', '--out', path, '--resume'])).toMatchObject({ code: 1 });
  });

  it('ends quietly where its reader has enough', async () => {
    const line = `${process.execPath} ${program} export | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', line], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', SLUICE_URL: sluice.url, SLUICE_TOKEN: authString },
    });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^\{.*\}\n0\n$/);
  });
});

describe('a wrong call', () => {
  it.each([
    [['query', '--token', 'secret'], 2, '--token would show the secret to everybody'],
    [['query', '--frob'], 2, "unknown option '--frob'. `sluice query --help`"],
    [['count', 'nothing'], 2, 'Count by time, day, event, resource or label:NAME'],
    [['query', 'http://x'], 2, 'quote it: "http://x"'],
    [['query', '--filter', '{', '-e', 'x'], 2, '--filter goes alone'],
    [['query', '--limit', '0'], 2, '--limit must be a whole number'],
    [['count', 'event', '--last', '1h'], 2, 'it goes with --watch'],
    [['count', 'event', '--watch', '--last', '1h', '--since', '1h'], 2, '--last goes without --since'],
    [['count', 'event', '--watch', '--last', 'soon'], 2, '--last must be a length of time'],
    [['frob'], 2, "unknown command 'frob'"],
    [['export', '--resume'], 2, 'name it by --out'],
    [['query', '--url', 'http://u:p@h'], 2, 'The address holds a password'],
    [['query', '--profile', 'none'], 2, 'There is no profile none'],
    [['query', '--filter', '{"x":1}'], 1, 'filter.x'],
  ])('is told in one sentence what to do: %j', async (words, code, sentence) => {
    const result = await ask(words);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toContain(sentence);
    expect(result.stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('says who cannot be reached, and who wants another token', async () => {
    const nobody = await ask(['query'], { env: { SLUICE_URL: 'http://127.0.0.1:1' } });
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('Is the server running') });
    const stranger = await ask(['query'], { env: { SLUICE_TOKEN: 'wrong' } });
    expect(stranger).toMatchObject({ code: 1, stderr: expect.stringContaining('wants another token than') });
    const nameless = await ask(['query'], { env: { SLUICE_TOKEN: '' } });
    expect(nameless).toMatchObject({ code: 1, stderr: expect.stringContaining('wants a token, and none was given') });
  });
});

describe('the server and its token', () => {
  const configured = (config: object, mode = 0o600): Record<string, string> => {
    const home = mkdtempSync(join(folder, 'home-'));
    const place = join(home, 'sluice');
    mkdirSync(place);
    writeFileSync(join(place, 'config.json'), JSON.stringify(config), { mode });
    return { XDG_CONFIG_HOME: home };
  };

  it('come from the flag, then the variable, then the profile', async () => {
    const right = { url: sluice.url, token: authString };
    const env = configured({ profile: 'good', profiles: { good: right, bad: { url: 'http://127.0.0.1:1' } } });
    const bare = { SLUICE_URL: '', SLUICE_TOKEN: '' };
    expect(await ask(['count', 'event'], { env: { ...env, ...bare } })).toMatchObject({ code: 0 });
    expect(await ask(['count', 'event', '--profile', 'bad'], { env: { ...env, ...bare } })).toMatchObject({ code: 1 });
    expect(await ask(['count', 'event', '--profile', 'bad'], { env })).toMatchObject({ code: 0 });
    expect(await ask(['count', 'event', '--url', 'http://127.0.0.1:1'], { env })).toMatchObject({ code: 1 });
    const file = join(folder, 'token');
    writeFileSync(file, `${authString}\n`);
    const words = ['count', 'event', '--token-file', file];
    expect(await ask(words, { env: { SLUICE_TOKEN: 'wrong' } })).toMatchObject({ code: 0 });
  });

  it('are refused from a file that others may read', async () => {
    const env = configured({ profile: 'good', profiles: { good: { url: 'http://x', token: 'secret' } } }, 0o644);
    const { code, stderr } = await ask(['query'], { env });
    expect(code).toBe(1);
    expect(stderr).toContain('chmod 600');
  });
});
