/** The reader of the log stands still again and again, and in the end goes for good, while much is logged. */

import type { Field, HostileKind } from '../kind.ts';
import { openPeer } from '../peers.ts';
import { openRawPeer } from '../raw-peer.ts';

export const logPipe: HostileKind = {
  name: 'log-pipe',
  about: 'the reader of stdout and stderr stands still for up to 20 s again and again, then closes the pipes',
  // All is written, and nothing below warn has a bound by the minute.
  env: { SLUICE_LOG_LEVEL: 'trace' },
  expects: ['stood still', 'log_lines_dropped_total{reason="unwritten"}', 'closed'],
  async attack(field) {
    await Promise.all([standStill(field), leave(field), leave(field), talk(field)]);
  },
};

async function standStill(field: Field): Promise<void> {
  const { server, by, tally } = field;
  const begun = performance.now();
  let longestMs = 0;
  while (!field.isOver()) {
    server.log.pause();
    const stillMs = 500 + by.below(20_000);
    await field.pause(stillMs);
    tally.add('stood still');
    longestMs = Math.max(longestMs, stillMs);
    // The last part of its time, which only the field knows, is spent without a reader at all.
    if (performance.now() - begun > 30_000 && by.chance(0.1)) {
      server.log.close();
      tally.add('closed');
      return;
    }
    server.log.resume();
    await field.pause(by.below(3_000));
  }
  server.log.close();
  tally.add('closed');
}

/** Peers that come and go are lines at debug and trace. */
async function leave(field: Field): Promise<void> {
  const head = 'POST /api/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n[';
  while (!field.isOver()) {
    const peers = await Promise.all(Array.from({ length: 20 }, () => openRawPeer(field, head)));
    await field.pause(10);
    for (const peer of peers) peer?.drop();
  }
}

async function talk(field: Field): Promise<void> {
  while (!field.isOver()) {
    const peer = await openPeer(field, '/api/events/in');
    peer?.socket.send(`{"event":"${field.by.id()}"}`);
    await peer?.socket.ping().catch(() => undefined);
    peer?.drop();
  }
}
