/** A shared log that is made of a single Sluice, on a real NATS server: in one try or more, and never over another. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { HandedOver } from '../../src/gateway/handed-over.ts';
import { initLog } from '../../src/gateway/init-log.ts';
import { openStream } from '../../src/nats/open-stream.ts';
import { openSharedKey, sharedKey } from '../../src/nats/shared-key.ts';
import { describeNats } from '../nats/describe-nats.ts';

describeNats('a shared log that goes on from a single Sluice', (world) => {
  const wish = (name: string) => ({ name, replicas: 1, bytesMax: 2 ** 24, idsMax: 1_000 });

  /** Runs that share what a folder and a database keep; each breaks off where it is told to. */
  function folderOf(name: string) {
    const did: string[] = [];
    const kept: { begun: HandedOver | null; owner: string } = { begun: null, owner: '' };
    const run = async (breaksAt = '') => {
      const step = async (what: string): Promise<void> => {
        if (what === breaksAt) throw new Error(`broken off at ${what}`);
        did.push(what);
      };
      return await initLog({
        ...{ nats: world.nats, wish: wish(name), begun: kept.begun, pause: async () => undefined },
        async drain() {
          await step('drain');
          kept.begun = { name, epoch: randomUUID(), firstSeq: 5_001, after: { epoch: 'single', seq: 4_000 } };
          await step('written down');
          return kept.begun;
        },
        copyTokens: () => step('tokens'),
        copyDead: () => step('dead letter'),
        async takeOver({ epoch }) {
          await step('take over');
          const isNew = kept.owner !== epoch;
          kept.owner = epoch;
          return isNew;
        },
      });
    };
    return { did, kept, run };
  }

  it('is made once, wherever the command breaks off', async () => {
    const { did, kept, run } = folderOf('INIT');
    for (const breaksAt of ['drain', 'written down', 'tokens', 'dead letter', 'take over']) {
      await expect(run(breaksAt)).rejects.toThrow(`broken off at ${breaksAt}`);
    }
    const made = kept.begun;
    const done = await run();
    expect(done).toMatchObject({ wasDone: false, stream: { epoch: made?.epoch, firstSeq: 5_001, after: made?.after } });
    expect(await run()).toMatchObject({ wasDone: true, stream: { epoch: made?.epoch } });
    // Of the runs that found the stream none has drained again.
    expect(did.filter((each) => each === 'drain')).toHaveLength(4);
  });

  it('takes the place of no stream that is there, and forgets who was of one that is gone', async () => {
    await openStream(world.nats, { ...wish('THERE'), epoch: randomUUID(), firstSeq: 1 });
    const refused = folderOf('THERE');
    await expect(refused.run()).rejects.toThrow('The stream THERE is there already');
    expect(refused.did).toEqual([]);

    for (const name of ['writer', 'forwarder']) {
      const key = await openSharedKey(world.nats, { bucket: 'GONE_STATE', name, replicas: 1 });
      await key.write('{}', 0);
    }
    await folderOf('GONE').run();
    for (const name of ['writer', 'forwarder']) {
      expect(await sharedKey(world.nats, { bucket: 'GONE_STATE', name }).read()).toBeNull();
    }
  });
});
