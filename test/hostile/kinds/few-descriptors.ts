/**
 * More connections than there are descriptors, while the journal needs a new file every few seconds and the engine is
 * killed now and then: who holds a connection is served on.
 */
import { eventLike } from '../../../support/events.ts';
import { upgradeHead } from '../../../support/raw-socket.ts';
import { crowd, type Member } from '../crowd.ts';
import { type Field, type HostileKind, hostileEvent } from '../kind.ts';
import { openPeer, type Peer } from '../peers.ts';
import { openRawPeer } from '../raw-peer.ts';

const openFilesMax = 320;
const padding = 'x'.repeat(4_000);

export const fewDescriptors: HostileKind = {
  name: 'few-descriptors',
  about: `up to 600 connections at nofile ${openFilesMax}, journal files of 64 KiB, the engine killed now and then`,
  openFilesMax,
  env: { SLUICE_JOURNAL_SEGMENT_BYTES_MAX: '65536' },
  expects: ['503 tooManySockets', 'acknowledged by a pong', 'edge_refused_total{reason="connection"}'],
  neighbourMayMeet: ['tooManySockets', 'storeUnavailable'],
  async attack(field) {
    const producer = await openPeer(field, '/api/events/in');
    if (producer === null) {
      field.fault('The first producer was not let in');
      return;
    }
    const rest = crowd(field, { membersMax: 600, atOnce: 10, pauseMsMax: 40, lifeMsMax: 20_000 }, () => hold(field));
    await Promise.all([rest, produce(field, producer), killEngine(field)]);
    producer.drop();
  },
};

/** It was there before the crowd, so nothing may keep it from its events' place on the disk. */
async function produce(field: Field, { socket, ended }: Peer): Promise<void> {
  while (!field.isOver()) {
    const count = 1 + field.by.below(20);
    for (let nth = 0; nth < count; nth += 1) {
      socket.send(JSON.stringify(eventLike({ event: hostileEvent, payload: { padding } })));
    }
    const isDurable = await socket.ping().then(
      () => true,
      () => false,
    );
    field.sent(count, isDurable ? count : 0);
    if (isDurable) field.tally.add('acknowledged by a pong', count);
    else if (ended() !== null) return field.fault(`The producer that was there first was closed: ${ended()}`);
    else field.tally.add('a pong later than 15 s');
    await field.pause(field.by.below(100));
  }
}

function hold(field: Field): Promise<Member | null> {
  return openRawPeer(
    field,
    field.by.weighed<string>([
      [3, () => ''],
      [1, () => 'GET /api/health HTTP/1.1\r\nHost: a\r\n'],
      [2, () => 'GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n'],
      [2, () => upgradeHead('/api/events/out')],
    ]),
  );
}

async function killEngine(field: Field): Promise<void> {
  while (!field.isOver()) {
    await field.pause(30_000 + field.by.below(60_000));
    for (const pid of field.isOver() ? [] : field.server.engines()) {
      field.tally.add('engine killed');
      process.kill(pid, 'SIGKILL');
    }
  }
}
