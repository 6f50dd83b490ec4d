/**
 * Takes the port, alone: two processes on one port would share its connections unnoticed. On Linux by several sockets,
 * for uWebSockets.js lets 512 connections wait on one, and those that come beyond it are not heard before they ask
 * again, 1, 3 and 7 s later: after a restart, thousands of subscribers come at once.
 */
import { createServer } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { firstLineOf, StartRefused } from '../base/errors.ts';
import { limitReceiveBuffers } from './receive-buffer.ts';
import type { LoadedUws, TemplatedApp, us_listen_socket } from './uws.ts';

export interface Listening {
  /** The port taken, also where 0 was asked for. */
  readonly port: number;
  stop(): void;
}

/** LIBUS_LISTEN_EXCLUSIVE_PORT, which the types name but do not give; the default is given by leaving it out. */
const exclusivePort = 1;
/** Elsewhere the system does not spread connections over them. */
const listenSockets = process.platform === 'linux' ? 8 : 1;

/** uWebSockets.js takes host, port and options together, though its types do not say so. */
interface ListensExclusively {
  listen(host: string, port: number, options: number, heard: (socket: us_listen_socket | false) => void): void;
}

/**
 * Throws StartRefused with a sentence where the port cannot be had, or its sockets not be given a small receive buffer.
 */
export async function listen(library: LoadedUws, app: TemplatedApp, host: string, port: number): Promise<Listening> {
  const alone = await take(app, { host, port, isAlone: true });
  const taken = library.uws.us_socket_local_port(alone);
  if (listenSockets > 1) {
    // It was nobody else's. Now it is shared, with ourselves.
    library.uws.us_listen_socket_close(alone);
    return share(library, app, { host, port: taken, others: 0 });
  }
  return { port: taken, stop: stopOnce(library, [alone]) };
}

/** The same for a port that an app of ours listens on: both get new connections until that one stops. */
export function listenBeside(library: LoadedUws, app: TemplatedApp, host: string, port: number): Promise<Listening> {
  return share(library, app, { host, port, others: listenSockets });
}

interface Shared {
  readonly host: string;
  readonly port: number;
  /** Listening sockets of ours that have the port already. */
  readonly others: number;
}

async function share(library: LoadedUws, app: TemplatedApp, { host, port, others }: Shared): Promise<Listening> {
  const sockets: us_listen_socket[] = [];
  const stop = stopOnce(library, sockets);
  const isLimited = library.needsSmallBuffer && process.platform === 'linux';
  try {
    while (sockets.length < listenSockets) {
      sockets.push(await take(app, { host, port, isAlone: false }));
      if (isLimited) limitBuffers(port, others + sockets.length);
    }
    if (isLimited) await limitEarly(port, others + listenSockets);
    return { port, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

function stopOnce({ uws }: LoadedUws, sockets: us_listen_socket[]): () => void {
  return () => {
    for (const socket of sockets.splice(0)) uws.us_listen_socket_close(socket);
  };
}

async function take(
  app: TemplatedApp,
  { host, port, isAlone }: { readonly host: string; readonly port: number; readonly isAlone: boolean },
): Promise<us_listen_socket> {
  const socket = await new Promise<us_listen_socket | false>((resolve) => {
    if (isAlone)
      (app as unknown as ListensExclusively).listen(host, port, exclusivePort, resolve); // see there
    else app.listen(host, port, resolve);
  });
  if (socket === false) throw new StartRefused(refusal(host, port, await findCause(host, port)));
  return socket;
}

/** `count` listening sockets are there. */
function limitBuffers(port: number, count: number): void {
  let limited = 0;
  let reason = 'they were not found in /proc/self/fd';
  try {
    limited = limitReceiveBuffers(port);
  } catch (error) {
    reason = firstLineOf(error);
  }
  if (limited >= count) return;
  throw new StartRefused(
    `The receive buffer of the listening sockets cannot be limited (${reason}), and without that one fast ` +
      `producer would hold up ` +
      'everybody else. Sluice needs the package ffi-rs (run `npm ci`, without --omit=optional) and /proc.',
  );
}

/**
 * Who connected between a socket's start and its limit has a buffer that grows: they are found once they are accepted.
 */
async function limitEarly(port: number, count: number): Promise<void> {
  await nextTurn();
  await nextTurn();
  limitBuffers(port, count);
}

/**
 * Throws StartRefused where another process has the port. For a look before all that a start makes; `listen` finds
 * whatever else is wrong.
 */
export async function refuseTakenPort(host: string, port: number): Promise<void> {
  const cause = port === 0 ? null : await findCause(host, port);
  if (cause === 'EADDRINUSE') throw new StartRefused(refusal(host, port, cause));
}

/** The system's error code, which uWebSockets.js keeps to itself: Node is asked to do the same. */
function findCause(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    // Its end would wait for whoever connects in that moment.
    const probe = createServer((socket) => socket.destroy());
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen(port, host, () => probe.close(() => resolve('unknown cause')));
  });
}

function refusal(host: string, port: number, cause: string): string {
  const place = `Cannot listen on ${host}:${port}`;
  switch (cause) {
    case 'EADDRINUSE':
      return `${place}: another process has that port. Stop it, or set SLUICE_PORT to a free one.`;
    case 'EACCES':
      return `${place}: the system does not allow that port. Set SLUICE_PORT to one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${place}: this machine has no such address. Set SLUICE_HOST to one it has, such as 127.0.0.1.`;
    default:
      return `${place} (${cause}). Check SLUICE_HOST and SLUICE_PORT.`;
  }
}
