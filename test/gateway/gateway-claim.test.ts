/** A gateway's name on a real NATS server: one gateway has it, and nobody else while that one lives. */
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { nodeFiles } from '../../src/base/file-port.ts';
import type { SharedKey } from '../../src/base/lease.ts';
import { GatewayClaim, type GatewayWord, leftText, readWord, sayMs } from '../../src/gateway/gateway-claim.ts';
import { nextRun, openGatewayFolder } from '../../src/gateway/gateway-folder.ts';
import { checkSameSettings } from '../../src/gateway/same-settings.ts';
import { openSharedKey } from '../../src/nats/shared-key.ts';
import { silentLog } from '../../support/engine.ts';
import { until } from '../../support/poll.ts';
import { withFolder } from '../journal/support.ts';
import { describeNats } from '../nats/describe-nats.ts';
import { quietWord } from './quiet-word.ts';

/** Of each start. */
let runs = 0;
const newStart = () => ({ nonce: randomUUID(), keep: () => undefined });
const wordOf = (spool: string, run = 0, spoolHead = 0): GatewayWord => ({
  ...{ ...quietWord, spool, run, spoolHead, nonce: '', hasEnded: false },
});

describeNats('the name of a gateway', (world) => {
  const open = (id: string) => openSharedKey(world.nats, { bucket: 'CLAIMS', name: `gateway.${id}`, replicas: 1 });

  async function claimOf(
    id: string,
    spool: string,
    pause: () => Promise<void> = () => Promise.resolve(),
    run = ++runs,
    start = newStart(),
  ) {
    const key = await open(id);
    const lost: string[] = [];
    const parts = { id, key, pause, log: silentLog, run: start, foundHead: 0, word: () => wordOf(spool, run) };
    return { claim: new GatewayClaim({ ...parts, lost: (sentence) => lost.push(sentence) }), key, lost };
  }

  it('is refused to another folder while its gateway says that it lives', async () => {
    const { claim, key } = await claimOf('one', 'a');
    await claim.take();
    const rival = await claimOf('one', 'b', async () => {
      const found = await key.read();
      await key.write(JSON.stringify(wordOf('a')), found?.revision ?? 0);
    });
    await expect(rival.claim.take()).rejects.toThrow('SLUICE_GATEWAY_ID one is in use');
    claim.stop();
  });

  it('is taken again at once on the same folder, and by another one where nobody says anything', async () => {
    const first = await claimOf('two', 'a', () => Promise.reject(new Error('nobody waits')));
    await first.claim.take();
    first.claim.stop();
    const again = await claimOf('two', 'a', () => Promise.reject(new Error('nobody waits')));
    await again.claim.take();
    again.claim.stop();
    const other = await claimOf('two', 'b');
    await other.claim.take();
    other.claim.stop();
    expect(readWord((await other.key.read())?.text ?? '')?.spool).toBe('b');
  });

  // What a fail-over held back came in after the look at the key, and was taken for another gateway's.
  it('stays with a gateway whose own word comes in late, also right before it takes the name', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const key = await open('five');
    let late: (() => Promise<unknown>) | null = null;
    let isLosing = false;
    let writes = 0;
    const losing: SharedKey = {
      async read() {
        const found = await key.read();
        await late?.();
        late = null;
        return found;
      },
      write(text, revision) {
        writes += 1;
        if (!isLosing) return key.write(text, revision);
        isLosing = false;
        late = () => key.write(text, revision);
        return Promise.reject(new Error('no answer'));
      },
    };
    const lost: string[] = [];
    const parts = { id: 'five', key: losing, log: silentLog, foundHead: 0, pause: () => Promise.resolve() };
    const claimed = (run = ++runs) =>
      new GatewayClaim({
        ...{ ...parts, run: newStart(), word: () => wordOf('a', run) },
        lost: (sentence) => lost.push(sentence),
      });
    const claim = claimed();
    await claim.take();
    isLosing = true;
    await until('it has said more, or was refused', () => {
      vi.advanceTimersByTime(sayMs);
      return lost.length > 0 || writes > 5 || undefined;
    });
    claim.stop();
    const before = await key.read();
    late = () => key.write(before?.text ?? '', before?.revision ?? 0);
    const next = claimed();
    await next.take();
    next.stop();
    vi.useRealTimers();
    expect(lost).toEqual([]);
  });

  it('is not taken on an older copy of the folder, and on that of a NATS that went back it is', async () => {
    const nobodyWaits = () => Promise.reject(new Error('nobody waits'));
    const start = newStart();
    const newer = await claimOf('six', 'a', nobodyWaits, 8, start);
    await newer.claim.take();
    newer.claim.stop();
    for (const run of [7, 8]) {
      const copy = await claimOf('six', 'a', nobodyWaits, run);
      await expect(copy.claim.take()).rejects.toThrow(
        'This data folder is an older copy: gateway six ran on a newer one',
      );
    }
    // The next try of the same start, where the answer to the one before was lost.
    const again = await claimOf('six', 'a', nobodyWaits, 8, start);
    await again.claim.take();
    again.claim.stop();
    const much = await claimOf('six', 'a', nobodyWaits, 12);
    await much.claim.take();
    much.claim.stop();
  });

  it('is not taken on an older copy where the newer one comes in right after the look at the key', async () => {
    const key = await open('nine');
    await key.write(JSON.stringify(wordOf('a', 3)), 0);
    let isFirst = true;
    const late: SharedKey = {
      async read() {
        const found = await key.read();
        if (isFirst) await key.write(JSON.stringify(wordOf('a', 5)), found?.revision ?? 0);
        isFirst = false;
        return found;
      },
      write: (text, revision) => key.write(text, revision),
    };
    const pause = () => Promise.resolve();
    const parts = { id: 'nine', key: late, pause, log: silentLog, run: newStart(), foundHead: 0 };
    const claim = new GatewayClaim({ ...parts, word: () => wordOf('a', 4), lost: () => undefined });
    await expect(claim.take()).rejects.toThrow('This data folder is an older copy');
    expect(readWord((await key.read())?.text ?? '')?.run).toBe(5);
  });

  it('is not taken on a copy that was taken after the last start, and has less in its spool', async () => {
    const key = await open('ten');
    await key.write(JSON.stringify(wordOf('a', 3, 70)), 0);
    const claimAt = (foundHead: number) =>
      new GatewayClaim({
        ...{ id: 'ten', key, pause: () => Promise.resolve(), log: silentLog, run: newStart(), foundHead },
        // What it has taken since the start says nothing.
        ...{ word: () => wordOf('a', 4, 90), lost: () => undefined },
      });
    await expect(claimAt(69).take()).rejects.toThrow('This data folder is an older copy');
    const own = claimAt(70);
    await own.take();
    own.stop();
  });

  it('is not taken on an older copy of the folder, however often it is started', async () => {
    await withFolder(async (folder) => {
      const name = { id: 'eight', name: 'SLUICE' };
      openGatewayFolder(folder, name, nodeFiles);
      const copy = join(folder, 'copy');
      async function start(dataDir: string): Promise<GatewayClaim> {
        openGatewayFolder(dataDir, name, nodeFiles);
        const run = nextRun(dataDir, nodeFiles);
        const word = () => wordOf('a', run.number);
        const pause = () => Promise.resolve();
        const parts = { id: 'eight', key: await open('eight'), foundHead: 0, pause, log: silentLog };
        const claim = new GatewayClaim({ ...parts, word, run, lost: () => undefined });
        await claim.take().finally(() => claim.stop());
        return claim;
      }
      await start(folder);
      mkdirSync(copy);
      copyFileSync(join(folder, 'gateway'), join(copy, 'gateway'));
      for (let runs = 0; runs < 3; runs += 1) await start(folder);
      for (let starts = 0; starts < 6; starts += 1) {
        await expect(start(copy)).rejects.toThrow('This data folder is an older copy');
      }
      await start(folder);
      expect(readWord((await (await open('eight')).read())?.text ?? '')?.run).toBe(5);
    });
  });

  it('that was let go is told so to a gateway that lives on without NATS', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { claim, key, lost } = await claimOf('seven', 'a');
    await claim.take();
    await key.write(leftText, (await key.read())?.revision ?? 0);
    await until('it is told', () => {
      vi.advanceTimersByTime(sayMs);
      return lost[0];
    });
    vi.useRealTimers();
    expect(lost).toEqual(['Gateway seven was let go by `sluice cluster leave`: start it again, and it comes back.']);
  });

  it('goes with settings that all living gateways have alike', async () => {
    const bucket = 'CLAIMS';
    const key = await openSharedKey(world.nats, { bucket, name: 'settings', replicas: 1 });
    const prefect = { prefectUrl: null, prefectFilter: null, prefectEventsPerS: 300 };
    const settings = { retentionDays: 7, retentionOverrides: null, clickhouseCluster: null, ...prefect };
    const parts = { nats: world.nats, bucket, key, id: 'three' };
    await checkSameSettings(parts, settings);
    await checkSameSettings(parts, settings);
    const { claim } = await claimOf('four', 'a');
    await claim.take();
    await expect(checkSameSettings(parts, { ...settings, retentionDays: 8 })).rejects.toThrow(
      'Give all the same values',
    );
    claim.stop();
    await checkSameSettings(parts, { ...settings, retentionDays: 8 });
    expect((await key.read())?.text).toContain('"retentionDays":8');
  }, 150_000);
});
