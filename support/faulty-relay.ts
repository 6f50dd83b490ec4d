/**
 * A TCP relay that does to connections what networks do: after some bytes, mostly inside a frame, it resets them, ends
 * them, or lets them go dead without a word; and it holds bytes back for a while. All of it by a seed, and counted.
 */
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { FramePlace } from './frame-place.ts';
import { listenHere } from './free-port.ts';
import { randomFrom } from './random.ts';

export interface FaultyRelay {
  readonly port: number;
  /** What it has done so far. */
  readonly faults: Readonly<FaultCounts>;
  close(): void;
}

export interface FaultCounts {
  /** Connections that it cut: the sum of the next three. */
  cuts: number;
  resets: number;
  ends: number;
  /** The client's end stays open, and nothing more comes or goes. */
  silences: number;
  /** Cuts inside a frame of a WebSocket. */
  halfFrames: number;
  stalls: number;
}

export interface Faults {
  readonly seed: number;
  /** A connection is cut after a random number of bytes up to this, in either direction. */
  readonly cutBytesMax: number;
  /** Of all cuts, the part that nobody is told of. */
  readonly silences: number;
  /** Of all chunks, the part that is held back. */
  readonly stalls: number;
  readonly stallMsMax: number;
}

export async function startFaultyRelay(toPort: () => number, faults: Faults): Promise<FaultyRelay> {
  const random = randomFrom(faults.seed);
  const counts: FaultCounts = { cuts: 0, resets: 0, ends: 0, silences: 0, halfFrames: 0, stalls: 0 };
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = createConnection(toPort(), '127.0.0.1');
    const pair: Pair = { client, upstream, random, faults, counts, isCut: false };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        upstream.destroy();
        if (!pair.isCut) client.destroy();
      });
    }
    carry(client, upstream, pair);
    carry(upstream, client, pair);
  });
  const port = await listenHere(server);
  return {
    port,
    faults: counts,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly random: () => number;
  readonly faults: Faults;
  readonly counts: FaultCounts;
  isCut: boolean;
}

function carry(from: Socket, to: Socket, pair: Pair): void {
  const { random, faults, counts } = pair;
  const place = new FramePlace();
  let left = Math.ceil(random() * faults.cutBytesMax);
  from.on('end', () => to.end());
  from.on('data', (chunk: Buffer) => {
    if (pair.isCut) return;
    if (chunk.length >= left) {
      const last = chunk.subarray(0, left);
      place.take(last);
      if (place.isInside) counts.halfFrames += 1;
      if (to.writable) to.write(last);
      cut(pair);
      return;
    }
    place.take(chunk);
    left -= chunk.length;
    if (!to.writable) return;
    const hasRoom = to.write(chunk);
    if (random() < faults.stalls) {
      counts.stalls += 1;
      from.pause();
      setTimeout(() => from.resume(), random() * faults.stallMsMax);
    } else if (!hasRoom) {
      from.pause();
      to.once('drain', () => from.resume());
    }
  });
}

/** The last bytes go out first. The client's end of a silent one is left to the client. */
function cut(pair: Pair): void {
  const { client, upstream, random, faults, counts } = pair;
  pair.isCut = true;
  counts.cuts += 1;
  const isSilent = random() < faults.silences;
  const isReset = random() < 0.5;
  if (isSilent) counts.silences += 1;
  else if (isReset) counts.resets += 1;
  else counts.ends += 1;
  setImmediate(() => {
    upstream.destroy();
    if (isSilent) client.resume();
    else if (isReset) client.resetAndDestroy();
    else client.destroySoon();
  });
}
