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
/** A line of a connection: its number, two addresses and another state, in the form of these tables. */
const connections = new RegExp(String.raw`^\s*\d+: \S+ \S+ (?!${listening})[0-9A-F]{2} `, 'm');

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
  try {
    const piece = Buffer.allocUnsafe(pieceBytes);
    let text = '';
    while (!connections.test(text)) {
      const { bytesRead } = await file.read(piece);
      if (bytesRead === 0) break;
      text += piece.toString('latin1', 0, bytesRead);
    }
    return listenersIn(text, `:${port.toString(16).toUpperCase().padStart(4, '0')}`);
  } finally {
    await file.close();
  }
}

function listenersIn(text: string, ending: string): number[] {
  const owners: number[] = [];
  for (const line of text.split('\n')) {
    const [, local, , state, , , , owner] = line.trim().split(/\s+/);
    if (state === listening && owner !== undefined && local?.endsWith(ending)) owners.push(Number(owner));
  }
  return owners;
}
