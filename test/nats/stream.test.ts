/** The stream on a real NATS server: made once, and checked by all others. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createBlockStream } from '../../src/nats/block-stream.ts';
import { connectNats } from '../../src/nats/connect-nats.ts';
import { openStream, replicasBy, type StreamWish } from '../../src/nats/open-stream.ts';
import { launchNats } from '../../support/peers/nats-server.ts';
import { describeNats } from './describe-nats.ts';

describeNats('NATS', (world) => {
  const wish = (name: string): StreamWish => ({
    ...{ name, replicas: 1, bytesMax: 2 ** 24, idsMax: 1_000 },
    ...{ epoch: randomUUID(), firstSeq: 5_000_001 },
  });

  it('has one stream for all who come at once, with the epoch of one of them', async () => {
    const wishes = Array.from({ length: 5 }, () => wish('SLUICE'));
    const opened = await Promise.all(wishes.map((each) => openStream(world.nats, each)));
    expect(new Set(opened.map(({ epoch }) => epoch)).size).toBe(1);
    expect(wishes.map(({ epoch }) => epoch)).toContain(opened[0]?.epoch);
    expect(opened[0]).toMatchObject({ name: 'SLUICE', firstSeq: 5_000_001 });
  });

  it('is refused with a sentence where the stream is another than was wished', async () => {
    await openStream(world.nats, wish('ONE'));
    await expect(openStream(world.nats, { ...wish('ONE'), idsMax: 2_000 })).rejects.toThrow(
      'The stream ONE is for an id window of 1000 ids, and this gateway has 2000.',
    );
    const { config } = await world.nats.manager.streams.info('ONE');
    const ofRules = (rules: string) =>
      world.nats.manager.streams.update('ONE', { metadata: { ...config.metadata, 'sluice.rules': rules } });
    await ofRules('2');
    await expect(openStream(world.nats, wish('ONE'))).rejects.toThrow('is applied by rules 2, and this Sluice knows 1');
    await ofRules('1');
    await openStream(world.nats, { ...wish('ONE'), bytesMax: 2 ** 25 });
    await world.nats.manager.streams.update('ONE', { deny_purge: false, max_age: 3_600_000_000_000 });
    await expect(openStream(world.nats, wish('ONE'))).rejects.toThrow('has max_age 3600000000000, and Sluice needs 0');
    await world.nats.manager.streams.add({ name: 'OTHER', subjects: ['other.b.*'], deny_delete: true, discard: 'new' });
    await expect(openStream(world.nats, wish('OTHER'))).rejects.toThrow('The stream OTHER');
  });

  it('is asked again where no server is connected just now, for none has said what it takes', async () => {
    const connection = Object.create(world.nats.connection, { info: { value: undefined } });
    const opened = await openStream({ ...world.nats, connection }, wish('LATER')).catch((error: unknown) => error);
    expect(String(opened)).toBe('Error: NATS is not connected just now');
    expect(() => replicasBy({ ...world.nats, connection })).toThrow('NATS is not connected just now');
  });

  it('is refused where it takes too small messages', async () => {
    const small = await launchNats(world.folder, {
      directory: join(world.root, 'small'),
      payloadMax: '1MB',
    });
    const connected = await connectNats({ servers: [small.url], name: 'test' });
    await expect(openStream(connected, wish('SMALL'))).rejects.toThrow('Set max_payload to 8MB');
    // One that takes larger ones when the stream is joined may be reloaded later.
    const said: (string | null)[] = [];
    const told = {
      answered: () => undefined,
      refused: () => undefined,
      says: (what: string | null) => said.push(what),
    };
    const blocks = createBlockStream({ nats: connected, stream: 'SMALL', subject: 'small.b.one', told });
    blocks.send(Buffer.alloc(2 ** 20), 0, 1);
    blocks.send(Buffer.alloc(2 ** 10), 0, 2);
    expect(said).toEqual([
      expect.stringMatching(/^A block of 1048576 bytes .* of 1048576 bytes only.*max_payload/s),
      null,
    ]);
    await connected.close();
    await small.kill();
  });
});
