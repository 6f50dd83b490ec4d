/** The stream on a real NATS server: made once, and checked by all others. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectNats, type Nats } from '../../src/nats/connect-nats.ts';
import { openStream, type StreamWish } from '../../src/nats/open-stream.ts';
import { installNats, launchNats, type NatsProcess } from '../../support/peers/nats-server.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';

const installed = await installNats(repositoryRoot());
if (!installed.found) console.info(installed.sentence);

describe.skipIf(!installed.found)('NATS', () => {
  let root: string;
  let server: NatsProcess;
  let nats: Nats;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'sluice-nats-'));
    server = await launchNats(installed.found ? installed.folder : '', { directory: join(root, 'one') });
    nats = await connectNats({ servers: [server.url], name: 'test' });
  });
  afterAll(async () => {
    await nats.close();
    await server.kill();
    rmSync(root, { recursive: true, force: true });
  });

  const wish = (name: string): StreamWish => ({
    ...{ name, replicas: 1, bytesMax: 2 ** 24, idsMax: 1_000 },
    ...{ epoch: randomUUID(), firstSeq: 5_000_001 },
  });

  it('has one stream for all who come at once, with the epoch of one of them', async () => {
    const wishes = Array.from({ length: 5 }, () => wish('SLUICE'));
    const opened = await Promise.all(wishes.map((each) => openStream(nats, each)));
    expect(new Set(opened.map(({ epoch }) => epoch)).size).toBe(1);
    expect(wishes.map(({ epoch }) => epoch)).toContain(opened[0]?.epoch);
    expect(opened[0]).toMatchObject({ name: 'SLUICE', firstSeq: 5_000_001 });
  });

  it('is refused with a sentence where the stream is another than was wished', async () => {
    await openStream(nats, wish('ONE'));
    await expect(openStream(nats, { ...wish('ONE'), idsMax: 2_000 })).rejects.toThrow(
      'The stream ONE is for an id window of 1000 ids, and this gateway has 2000.',
    );
    await openStream(nats, { ...wish('ONE'), bytesMax: 2 ** 25 });
    await nats.manager.streams.update('ONE', { deny_purge: false, max_age: 3_600_000_000_000 });
    await expect(openStream(nats, wish('ONE'))).rejects.toThrow('has max_age 3600000000000, and Sluice needs 0');
    await nats.manager.streams.add({ name: 'OTHER', subjects: ['other.b.*'], deny_delete: true, discard: 'new' });
    await expect(openStream(nats, wish('OTHER'))).rejects.toThrow('The stream OTHER');
  });

  it('is refused where it takes too small messages', async () => {
    const small = await launchNats(installed.found ? installed.folder : '', {
      directory: join(root, 'small'),
      payloadMax: '1MB',
    });
    const connected = await connectNats({ servers: [small.url], name: 'test' });
    await expect(openStream(connected, wish('SMALL'))).rejects.toThrow('Set max_payload to 8MB');
    await connected.close();
    await small.kill();
  });
});
