/**
 * A start that cannot be ends with exit code 1 and one sentence that names the place and says what to do; one that can
 * be goes on in whatever surroundings: without a home, a time zone, a terminal, a folder to stand in.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { StartRefused } from '../../src/base/errors.ts';
import { nodeFiles } from '../../src/base/file-port.ts';
import { readConfig } from '../../src/config/config.ts';
import { settings } from '../../src/config/settings.ts';
import { cleanUp, runBare, startBare, temporaryFolder } from '../../support/bare-sluice.ts';
import { eventLike, publish } from '../../support/events.ts';
import { listenHere } from '../../support/free-port.ts';
import { until } from '../../support/poll.ts';
import { open, withFolder } from '../journal/support.ts';

afterEach(cleanUp);

type Around = (command: readonly string[]) => readonly string[];

/** In a mount namespace of its own, after the script has prepared it. */
const mounted =
  (script: string): Around =>
  (command) => ['unshare', '--mount', 'sh', '-c', `${script} && exec "$@"`, 'sh', ...command];
const inShell =
  (script: string): Around =>
  (command) => ['sh', '-c', `${script} && exec "$@"`, 'sh', ...command];
const asNobody: Around = (command) => ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...command];

async function expectSentence(
  env: Record<string, string>,
  around: Around | undefined,
  sentence: RegExp,
): Promise<void> {
  const { ended, output } = runBare({ env, ...(around && { around }) });
  expect(await ended).toBe(1);
  const said = output()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('{'));
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(sentence);
}

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const another = /choose another folder by SLUICE_DATA_DIR/;
const both = (what: RegExp): RegExp => new RegExp(`^sluice: \\S*/(data|x).* ${what.source}.*${another.source}`);

describe('a data folder that cannot be used', () => {
  const within = (): string => join(temporaryFolder(), 'data');

  it('because a file is there, or a link that leads nowhere', async () => {
    const path = within();
    writeFileSync(path, '');
    await expectSentence({ SLUICE_DATA_DIR: path }, undefined, both(/a file.* stands where a folder must be/));
    await expectSentence(
      { SLUICE_DATA_DIR: join(path, 'x') },
      undefined,
      both(/a file.* stands where a folder must be/),
    );
    const link = within();
    symlinkSync('/nowhere/at/all', link);
    await expectSentence({ SLUICE_DATA_DIR: link }, undefined, both(/a link that leads nowhere/));
  });

  it('because no folder can be there, or its name is too long', async () => {
    await expectSentence({ SLUICE_DATA_DIR: '/proc/data' }, undefined, both(/a part of the path is not there/));
    await expectSentence(
      { SLUICE_DATA_DIR: `/tmp/${'x'.repeat(300)}` },
      undefined,
      /path is too long. Choose a shorter one/,
    );
  });

  it.skipIf(!isRoot)('because it is read-only, full, or has no room for another file', async () => {
    const path = within();
    mkdirSync(path);
    const env = { SLUICE_DATA_DIR: path };
    await expectSentence(env, mounted(`mount -t tmpfs -o ro tmpfs ${path}`), both(/the file system is read-only/));
    const full = `mount -t tmpfs -o size=16k tmpfs ${path} && dd if=/dev/zero of=${path}/all bs=1k count=16 2>/dev/null`;
    await expectSentence(env, mounted(full), both(/there is no space left/));
    await expectSentence(
      env,
      mounted(`mount -t tmpfs -o nr_inodes=2 tmpfs ${path}`),
      both(/there is no space left.*df -i/),
    );
  });

  it.skipIf(!isRoot)("because it is another user's", async () => {
    const path = within();
    mkdirSync(path, { mode: 0o755 });
    chmodSync(join(path, '..'), 0o755);
    await expectSentence(
      { SLUICE_DATA_DIR: path },
      asNobody,
      both(/user \w+ \(65534\) may not do that.*chown -R.*fsGroup/),
    );
    chmodSync(path, 0o700);
    await expectSentence({ SLUICE_DATA_DIR: path }, asNobody, both(/user \w+ \(65534\) may not do that/));
  });

  it('because the folder that it is named from is gone', async () => {
    const gone = join(temporaryFolder(), 'gone');
    const around = inShell(`mkdir ${gone} && cd ${gone} && rmdir ${gone}`);
    await expectSentence({ SLUICE_DATA_DIR: './data' }, around, /The current folder is gone/);
  });
});

describe("a volume of Kubernetes that is given to the pod's group", () => {
  it.skipIf(!isRoot)('is taken up again after each mount, which lets the group read all of it', async () => {
    const path = join(temporaryFolder(), 'data');
    mkdirSync(path);
    chmodSync(join(path, '..'), 0o755);
    // What the kubelet does with `fsGroup: 2000`.
    const mount = (): void => {
      execFileSync('chgrp', ['-R', '2000', path]);
      execFileSync('chmod', ['-R', 'g+rwX,g+s', path]);
    };
    const inPod: Around = (command) => [
      ...['setpriv', '--reuid=1000', '--regid=1000', '--groups=2000', '--no-new-privs', '--bounding-set=-all'],
      ...command,
    ];
    for (let nth = 0; nth < 2; nth += 1) {
      mount();
      const { target, child, ended } = await startBare({ env: { SLUICE_DATA_DIR: path }, around: inPod });
      await publish(target, [eventLike({})]);
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
    }
    expect(statSync(join(path, 'keys')).mode & 0o777).toBe(0o600);
  });
});

describe('an address that cannot be had', () => {
  it.each(['no.such.host.invalid', '256.1.1.1', '192.0.2.1', '[::1]', 'http://a', 'h'.repeat(300)])(
    '%s',
    async (host) => {
      await expectSentence({ SLUICE_HOST: host }, undefined, /Cannot listen on .*SLUICE_HOST/);
    },
  );

  it('another process has it, which is seen before anything is opened', async () => {
    const other = createServer();
    const port = await listenHere(other);
    const path = temporaryFolder();
    const sentence = new RegExp(`Cannot listen on 127.0.0.1:${port}: another process has that port`);
    await expectSentence({ SLUICE_PORT: String(port), SLUICE_DATA_DIR: path }, undefined, sentence);
    expect(readdirSync(path).filter((name) => !name.startsWith('LOCK'))).toEqual([]);
    other.close();
  });

  it.skipIf(!isRoot)('on a machine without IPv6, where :: still takes what there is', async () => {
    const without: Around = (command) => [
      'unshare',
      '--net',
      'sh',
      '-c',
      'ip link set lo up && sysctl -qw net.ipv6.conf.all.disable_ipv6=1 && exec "$@"',
      'sh',
      ...command,
    ];
    await expectSentence({ SLUICE_HOST: '::1' }, without, /Cannot listen on ::1:0: this machine has no such address/);
    const any = await startBare({ env: { SLUICE_HOST: '::', SLUICE_AUTH_STRING: 'x' }, around: without });
    expect(any.output()).toContain('listening on http://[::]:');
  });
});

describe('limits that are too low', () => {
  it('are named, be it that nothing can be loaded', async () => {
    for (const files of [24, 40, 64, 100]) {
      const sentence = /(too (many|few) files (are|may be) open|open files \(nofile\) is 100).*`ulimit -n`/;
      await expectSentence({}, inShell(`ulimit -n ${files}`), sentence);
    }
  });
});

describe('a start goes on', () => {
  const surroundings: readonly [string, Record<string, string>, Around?][] = [
    ['with an empty environment', {}, (command) => ['env', '-u', 'HOME', '-u', 'PATH', ...command]],
    ['without input', {}, inShell('exec <&-')],
    ['with a time zone and a language that nobody knows', { TZ: 'Nonsense/Zone', LC_ALL: 'xx_XX.bad', LANG: '' }],
    ['in Turkish', { LC_ALL: 'tr_TR.UTF-8', TZ: 'Pacific/Apia' }],
    ['on a CI runner', { CI: 'true', NO_COLOR: '1', TERM: 'dumb' }],
    ['with a short heap', { NODE_OPTIONS: '--max-old-space-size=64' }],
    [
      'beside the links of a service',
      {
        SLUICE_PORT: 'tcp://10.0.0.1:4200',
        SLUICE_SERVICE_HOST: '10.0.0.1',
        SLUICE_PORT_4200_TCP_ADDR: '10.0.0.1',
        CLICKHOUSE_PORT: 'tcp://10.0.0.2:8123',
        SLUICE_NAME: '/web/sluice',
        SLUICE_WEB_ENV_NODE_VERSION: '24',
        SLUICE_ENV_PATH: '/bin',
      },
      (command) => [...command, '--port', '0'],
    ],
    [
      'in a folder that is gone',
      {},
      inShell('mkdir -p /tmp/sluice-gone.$$ && cd /tmp/sluice-gone.$$ && rmdir /tmp/sluice-gone.$$'),
    ],
  ];

  it.each(surroundings)('%s', async (_, env, around) => {
    const { target, child, ended } = await startBare({ env, ...(around && { around }) });
    await publish(target, [eventLike({})]);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});

it("a start on a disk within its reserve says that nothing is taken, in the server's log too", async () => {
  const { output } = await startBare({ env: { SLUICE_DISK_RESERVE_BYTES: String(2 ** 52) } });
  const told = /"reason":"The disk has less than the \d+ bytes free .*"no event is taken at present"/;
  // The log of a process comes by a pipe.
  await until('the log says it', () => told.exec(output()) ?? undefined);
});

describe("the image's health check", () => {
  const [, check = ''] = /^HEALTHCHECK .* CMD (node .*)$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
  const codeOf = (env: Record<string, string>): number | null =>
    spawnSync('sh', ['-c', check], { env: { PATH: process.env['PATH'], ...env } }).status;

  it('asks where the settings say that Sluice listens', async () => {
    const { target } = await startBare({ env: { SLUICE_HOST: '0.0.0.0', SLUICE_AUTH_STRING: 'a secret' } });
    const { port } = new URL(target.baseUrl());
    expect(codeOf({ SLUICE_HOST: '0.0.0.0', SLUICE_PORT: port })).toBe(0);
    expect(codeOf({ SLUICE_HOST: '127.0.0.1', SLUICE_PORT: port })).toBe(0);
    expect(codeOf({ SLUICE_HOST: '127.0.0.1', SLUICE_PORT: '1' })).toBe(1);
  });

  it('asks by https where Sluice has TLS', async () => {
    const { target } = await startBare({ env: { SLUICE_TLS_SELF_SIGNED: 'on' } });
    const asked = { SLUICE_HOST: '127.0.0.1', SLUICE_PORT: new URL(target.baseUrl()).port };
    expect(codeOf({ ...asked, SLUICE_TLS_SELF_SIGNED: 'on' })).toBe(0);
    expect(codeOf({ ...asked, SLUICE_TLS_CERT: '/etc/sluice/tls.crt' })).toBe(0);
    expect(codeOf(asked)).toBe(1);
  });
});

describe('a clock', () => {
  it('that is too far ahead to number events by stops the first start, and no other clock does', async () => {
    for (const year of [1970, 2000, 2100, 2240]) {
      await withFolder((folder) => open(folder, {}, nodeFiles, () => Date.UTC(year, 0, 2)).close());
    }
    await withFolder((folder) => {
      const ahead = () => open(folder, {}, nodeFiles, () => Date.UTC(2250, 0));
      expect(ahead).toThrow(/clock says 2250-01-01T.*Set it right first/);
      expect(ahead).toThrow(StartRefused);
      open(folder).close();
    });
  });
});

describe('a number of the settings', () => {
  const numbers = Object.values(settings).flatMap((row) => (row.kind === 'integer' ? [row] : []));

  it('is taken from its least to its most, and refused by a sentence beyond, or where it is none', () => {
    for (const { env, min, max } of numbers) {
      for (const good of [min, max]) expect(() => readConfig({ [env]: String(good) }, [])).not.toThrow();
      for (const bad of [min - 1, max + 1, '1e3', '1.5', ' 1', '0x10', '٣', 'NaN', '9'.repeat(400)]) {
        expect(() => readConfig({ [env]: String(bad) }, [])).toThrow(
          `${env} must be a whole number from ${min} to ${max}`,
        );
      }
    }
  });

  it('of a time fits a timer, or is a time ago that there was', () => {
    const ago = ['SLUICE_BACKFILL_MAX_MS', 'SLUICE_HISTORY_MAX_MS', 'SLUICE_JOURNAL_KEEP_MS'];
    for (const { env, max } of numbers.filter((row) => row.env.endsWith('_MS'))) {
      if (ago.includes(env)) expect(new Date(Date.now() - max).toISOString()).toMatch(/^19/);
      else expect(max).toBeLessThan(2 ** 31);
    }
  });
});
