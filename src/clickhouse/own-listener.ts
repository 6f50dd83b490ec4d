/**
 * Whether what listens on a port of this machine is ours. Any user may take a port before the process that we started
 * for it does, and would be told the secrets that are meant for that process.
 */
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';

const tables = ['/proc/net/tcp', '/proc/net/tcp6'];
/** The state of a socket that listens, as these tables have it. */
const listening = '0A';
const connectMs = 2000;

/** `silent`: something listens, and takes no connection in time. */
export type Listener = 'ours' | 'another' | 'nobody' | 'silent';

/**
 * Whose user listens on `port`. Where the system keeps no such tables, whatever listens counts as ours. The tables list
 * each connection of the machine, so they are read only once a connection was taken.
 */
export async function listenerOf(port: number): Promise<Listener> {
  const outcome = await tryConnect(port);
  if (outcome !== 'taken') return outcome;
  const texts = await Promise.all(tables.map((file) => readFile(file, 'utf8').catch(() => null)));
  const known = texts.filter((text) => text !== null);
  if (known.length === 0) return 'ours';
  const owners = known.flatMap((text) => listenerOwners(text, port));
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
 * ours too.
 */
function listenerOwners(table: string, port: number): number[] {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === listening && local?.endsWith(ending))
    .map((columns) => Number(columns[7]));
}
