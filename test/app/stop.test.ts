/**
 * How Sluice leaves: by whatever signal, as process 1 and under npm, and behind a balancer, which hears it first.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { cleanUp, runBare, startBare } from '../../support/bare-sluice.ts';
import { eventLike, publish } from '../../support/events.ts';
import { type Answer, send } from '../../support/http.ts';
import { until, within } from '../../support/poll.ts';
import { openRaw, postHead } from '../../support/raw-socket.ts';
import type { Target } from '../../support/target.ts';
import { connectSigned, dial } from '../../support/wire-client.ts';

afterEach(cleanUp);

const get = (target: Target, path: string): Promise<Answer> => send(target, { path });

/** A clean stop is noted in the data folder, and its lock is gone. */
function expectCleanStop(dataDir: string): void {
  expect(JSON.parse(readFileSync(join(dataDir, 'boot'), 'utf8'))).toMatchObject({ phase: 'stopped' });
  expect(existsSync(join(dataDir, 'LOCK'))).toBe(false);
}

describe('a signal that asks to stop', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('stops cleanly: %s', async (signal) => {
    const { child, ended, dataDir } = await startBare();
    child.kill(signal);
    expect(await ended).toBe(0);
    expectCleanStop(dataDir);
  });

  it('does so when it comes in the middle of the start', async () => {
    const { child, ended, dataDir, output } = runBare();
    await until('the start is under way', () => output().includes('the journal is open') || undefined);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expectCleanStop(dataDir);
  });

  it('reaches Sluice through npm start', async () => {
    const { child, ended, dataDir } = await startBare({ around: ([, , ...words]) => ['npm', 'start', '--', ...words] });
    child.kill('SIGTERM');
    await ended;
    await until('the lock is gone', () => !existsSync(join(dataDir, 'LOCK')) || undefined);
    expectCleanStop(dataDir);
  });

  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
  it.skipIf(!isRoot)('reaches it as process 1 of a container', async () => {
    const sluice = await startBare({
      around: (command) => ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', ...command],
    });
    const inner = execFileSync('pgrep', ['-P', String(sluice.child.pid)], { encoding: 'utf8' });
    process.kill(Number(inner), 'SIGTERM');
    expect(await sluice.ended).toBe(0);
    expectCleanStop(sluice.dataDir);
  });
});

describe('leaving behind a balancer', () => {
  it(
    'is told by the ready check at once, while all is served on; then connections end, with ' + 'their reason',
    async () => {
      const { child, ended, dataDir, target } = await startBare({ env: { SLUICE_LEAVE_MS: '2500' } });
      expect((await get(target, '/api/ready')).status).toBe(200);
      const open = await connectSigned(target, '/api/events/out');
      const body = JSON.stringify([eventLike({ event: 'late.body' })]);
      const halfSent = await openRaw(
        target,
        Buffer.from(`${postHead('/api/events', body.length)}${body.slice(0, 50)}`),
      );

      child.kill('SIGTERM');
      await until('it is not ready', async () => (await get(target, '/api/ready')).status === 503 || undefined, 1_000);
      expect((await get(target, '/api/ready')).text).toContain('stopping');
      expect((await get(target, '/api/health')).status).toBe(200);
      await publish(target, [eventLike({ event: 'while.leaving' })]);
      const late = await connectSigned(target, '/api/events/in');
      const kept = await send(target, { path: '/api/health', headers: { connection: 'keep-alive' } });
      expect(kept.headers.connection).not.toBe('close');

      await until('nobody is let in any more', () =>
        dial(target, '/api/events/in').then(
          () => undefined,
          () => true,
        ),
      );
      halfSent.socket.write(body.slice(50));
      const answer = await halfSent.untilClosed();
      expect(answer).toMatch(/^HTTP\/1.1 (204|503) .*\r\n(.*\r\n)*connection: close\r\n/i);
      expect([await open.untilClosed(), await late.untilClosed()]).toMatchObject([{ code: 1012 }, { code: 1012 }]);
      expect(await ended).toBe(0);
      expectCleanStop(dataDir);
    },
  );

  it('is cut short by a second signal, and the stop is clean all the same', async () => {
    const { child, ended, dataDir, target } = await startBare({ env: { SLUICE_LEAVE_MS: '600000' } });
    child.kill('SIGTERM');
    await until('it is not ready', async () => (await get(target, '/api/ready')).status === 503 || undefined);
    const began = Date.now();
    await until('two signals are not one', () => Date.now() - began > 600 || undefined);
    child.kill('SIGTERM');
    expect(await within('it ends', 10_000, ended)).toBe(0);
    expectCleanStop(dataDir);
  });
});

describe('who reads what Sluice says', () => {
  it('may go away, or stand still, and nothing else changes', async () => {
    const { child, ended, dataDir, target } = await startBare();
    child.stdout?.destroy();
    child.stderr?.destroy();
    for (let nth = 0; nth < 50; nth += 1) {
      const answer = await send(target, {
        method: 'POST',
        path: '/api/events',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([eventLike({ event: `e${nth}` })]),
      });
      expect(answer.status).toBe(204);
    }
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expectCleanStop(dataDir);
  });

  it('is not flooded by a producer whose messages are refused', async () => {
    const { target, output } = await startBare();
    const messages = 60;
    const before = output().length;
    const refused = `{"type":"nonsense","text":"${'x'.repeat(200_000)}"}`;
    for (let nth = 0; nth < messages; nth += 1) {
      const socket = await connectSigned(target, '/api/events/in');
      socket.send(refused);
      if (nth === 0) await socket.untilClosed();
      else await socket.ping();
      socket.drop();
    }
    const { text } = await get(target, '/metrics');
    expect(text).toContain(`sluice_messages_skipped_total ${messages - 1}`);
    expect(Number(/log_lines_dropped_total\{reason="repeated"\} (\d+)/.exec(text)?.[1])).toBeGreaterThan(30);
    expect(output().length - before).toBeLessThan(50_000);
  });
});
