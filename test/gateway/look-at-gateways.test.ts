/** Looking at all gateways on a real NATS server: one that says nothing any more is given up, and that is said once. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { GatewaysLook } from '../../src/gateway/look-at-gateways.ts';
import { openStream } from '../../src/nats/open-stream.ts';
import { openSharedKey } from '../../src/nats/shared-key.ts';
import { silentLog } from '../../support/engine.ts';
import { until } from '../../support/poll.ts';
import { describeNats } from '../nats/describe-nats.ts';

describeNats('a look at all gateways', (world) => {
  it('says once that a silent one is not waited for', async () => {
    const wish = { name: 'LOOKED', replicas: 1, bytesMax: 2 ** 24, idsMax: 1_000 };
    const stream = await openStream(world.nats, { ...wish, epoch: randomUUID(), firstSeq: 1 });
    const bucket = 'LOOKED_STATE';
    const key = await openSharedKey(world.nats, { bucket, name: 'gateway.gone', replicas: 1 });
    await key.write(JSON.stringify({ version: 1, spool: 'a', applied: 7, waiting: 0, sums: [], head: 0, rules: 1 }), 0);
    const said: string[] = [];
    let looks = 0;
    const look = new GatewaysLook({
      ...{ nats: world.nats, stream, bucket, sums: () => [], differs: expect.unreachable },
      ...{ id: 'one', isHolder: () => false, stored: () => null },
      holder() {
        looks += 1;
        return 'one';
      },
      elapsedMs: () => looks * 2 * 60 * 60_000,
      log: { ...silentLog, warn: (_fields: object, message: string) => void said.push(message) } as typeof silentLog, // all that is asked of it
    });
    await until('it has looked four times', () => (looks >= 4 ? true : undefined), 120_000);
    look.stop();
    expect(said).toEqual(['the shared log does not wait for this gateway any more']);
  }, 150_000);
});
