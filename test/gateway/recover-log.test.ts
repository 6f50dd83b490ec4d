/** A shared log that is made anew on a real NATS server: only where it must be, and to the end, in one try or more. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { type RecoverParts, recoverLog } from '../../src/gateway/recover-log.ts';
import { type OpenedStream, openStream, subjectOf } from '../../src/nats/open-stream.ts';
import { openSharedKey, sharedKey } from '../../src/nats/shared-key.ts';
import { firstState } from '../../src/table-writer/open-writer-state.ts';
import { silentLog } from '../../support/engine.ts';
import { describeNats } from '../nats/describe-nats.ts';

describeNats('a shared log', (world) => {
  const wish = (name: string) => ({ name, replicas: 1, bytesMax: 2 ** 24, idsMax: 1_000 });

  async function logOf(name: string, messages: number): Promise<OpenedStream> {
    const stream = await openStream(world.nats, { ...wish(name), epoch: randomUUID(), firstSeq: 1_001 });
    for (let nth = 0; nth < messages; nth += 1) {
      await world.nats.connection.request(subjectOf(name, 'one'), 'a block', { timeout: 5_000 });
    }
    return stream;
  }

  function recovering(known: OpenedStream, more: Partial<RecoverParts> = {}) {
    const did: string[] = [];
    const done = recoverLog({
      ...{ nats: world.nats, wish: wish(known.name), known, isForced: false, log: silentLog },
      applied: { stream: 5, seq: 1_050, receivedMs: 0 },
      drain: async () => void did.push('drain'),
      isKnown: async () => false,
      takeOver: async ({ epoch }, isSure) => void did.push(`take over ${epoch}${isSure ? ' at once' : ''}`),
      now: () => Date.parse('2026-11-29T10:00:00Z'),
      pause: async () => undefined,
      ...more,
    });
    return { did, done };
  }

  it('is not made anew where it goes on, unless that is asked for; its settings stay, and who was there is forgotten', async () => {
    const known = await logOf('WHOLE', 5);
    const keyOf = (name: string) => openSharedKey(world.nats, { bucket: 'WHOLE_STATE', name, replicas: 1 });
    const state = firstState({ epoch: known.epoch, checkpoint: 1_040 });
    await (await keyOf('writer')).write(JSON.stringify({ version: 1, term: 1, holder: '', nonce: 'n', state }), 0);
    for (const name of ['settings', 'base', 'gateway.one']) await (await keyOf(name)).write('{}', 0);
    const refused = recovering(known);
    await expect(refused.done).rejects.toThrow('there is nothing to recover');
    expect(refused.did).toEqual([]);
    const forced = recovering(known, { isForced: true });
    const stream = await forced.done;
    expect(forced.did).toEqual(['drain', `take over ${stream.epoch}`]);
    expect(stream.after).toEqual({ epoch: known.epoch, seq: 1_050 });
    expect(stream.firstSeq).toBeGreaterThan(1_050);
    expect((await world.nats.manager.streams.info('WHOLE')).state.messages).toBe(0);
    const left = ['settings', 'writer', 'base', 'gateway.one'].map((name) =>
      sharedKey(world.nats, { bucket: 'WHOLE_STATE', name }).read(),
    );
    expect((await Promise.all(left)).map((found) => found?.text)).toEqual(['{}', undefined, undefined, undefined]);
  });

  it.each([
    ['went back', 'BACK', 4],
    ['was lost', 'LOST', 0],
  ])(
    'is made anew where it %s, and a broken off recovery is finished as it was begun',
    async (_what, name, messages) => {
      const known = await logOf(name, messages);
      if (messages === 0) await world.nats.manager.streams.delete(name);
      const broken = recovering(known, { takeOver: () => Promise.reject(new Error('no ClickHouse')) });
      await expect(broken.done).rejects.toThrow('no ClickHouse');
      expect(broken.did).toEqual(['drain']);
      // The database may be a backup that was restored in between: it is given all once more.
      const again = recovering(known);
      const stream = await again.done;
      expect(again.did).toEqual(['drain', `take over ${stream.epoch}`]);
      expect(stream.after?.epoch).toBe(known.epoch);
      const done = recovering(known, { isKnown: async (epoch) => epoch === stream.epoch });
      expect([await done.done, done.did]).toEqual([stream, []]);
      await world.nats.connection.request(subjectOf(name, 'other'), 'a block', { timeout: 5_000 });
      const late = recovering(known);
      await expect(late.done).rejects.toThrow('others have gone on in it');
      expect(late.did).toEqual([]);
    },
  );

  it('is taken over at once where all gateways have said that they ended', async () => {
    const known = await logOf('ENDED', 1);
    const key = await openSharedKey(world.nats, { bucket: 'ENDED_STATE', name: 'gateway.one', replicas: 1 });
    const word = { version: 1, spool: 's', applied: 1, waiting: 0, sums: [], head: 1, rules: 1, hasEnded: true };
    await key.write(JSON.stringify(word), 0);
    const { did, done } = recovering(known, { isForced: true });
    const { epoch } = await done;
    expect(did).toEqual(['drain', `take over ${epoch} at once`]);
  });

  it('is left alone while a gateway lives', async () => {
    const known = await logOf('LIVING', 1);
    const key = await openSharedKey(world.nats, { bucket: 'LIVING_STATE', name: 'gateway.one', replicas: 1 });
    let revision = (await key.write('{}', 0)) ?? 0;
    const { did, done } = recovering(known, {
      async pause() {
        revision = (await key.write('{}', revision)) ?? 0;
      },
    });
    await expect(done).rejects.toThrow('Gateway one lives');
    expect(did).toEqual([]);
  });
});
