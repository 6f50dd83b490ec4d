/**
 * A server of a test on a free port of this machine.
 */
import type { Server } from 'node:net';

/** Resolves with its port; rejects where it cannot listen. */
export async function listenHere(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A listening server has no port');
  return address.port;
}
