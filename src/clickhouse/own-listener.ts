/**
 * Whether what listens on a port of this machine is ours. Any user may take a port before the process that we started
 * for it does, and would be told the secrets that are meant for that process.
 */
import { open } from 'node:fs/promises';
import { connect } from 'node:net';

const tables = ['/proc/net/tcp', '/proc/net/tcp6'];
/** The state of a socket that listens, as these tables have it. */
const listening = '0A';
const connectMs = 2000;
const pieceBytes = 4096;

/** `silent`: something listens, and takes no connection in time. */
export type Listener = 'ours' | 'another' | 'nobody' | 'silent';

/** Whose user listens on `port`. Where the system keeps no such tables, whatever listens counts as ours. */
export async function listenerOf(port: number): Promise<Listener> {
  const outcome = await tryConnect(port);
  if (outcome !== 'taken') return outcome;
  const found = await Promise.all(tables.map((file) => ownersIn(file, port)));
  const known = found.filter((owners) => owners !== null);
  if (known.length === 0) return 'ours';
  const owners = known.flat();
  if (owners.length === 0) return 'nobody';
  return owners.every((owner) => owner === process.geteuid?.()) ? 'ours' : 'another';
}

function tryConnect(port: number): Promise<'taken' | 'nobody' | 'silent'> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: connectMs });
    const end = (outcome: 'taken' | 'nobody' | 'silent') => {
      resolve(outcome);
      socket.destroy();
    };
    socket.once('connect', () => end('taken')).once('timeout', () => end('silent'));
    socket.on('error', () => end('nobody'));
  });
}

/**
 * The users whose sockets listen on a port, whatever the address: one that is for all addresses takes what is sent to
 * ours too. Linux lists what listens before the connections, of which there can be many thousands: they are not read.
 * Null where there is no such table.
 */
async function ownersIn(table: string, port: number): Promise<number[] | null> {
  const file = await open(table).catch(() => null);
  if (file === null) return null;
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const owners: number[] = [];
  try {
    for await (const line of file.readLines({ highWaterMark: pieceBytes })) {
      const [number, local, , state, , , , owner] = line.trim().split(/\s+/);
      if (number === 'sl') continue;
      if (state !== listening) break;
      if (local?.endsWith(ending)) owners.push(Number(owner));
    }
    return owners;
  } finally {
    await file.close();
  }
}
