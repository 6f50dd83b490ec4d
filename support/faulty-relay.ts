/**
 * A TCP relay that does to connections what networks do: it cuts them after some bytes, in the middle of a frame, by a
 * reset or an end, and holds bytes back for a while. All of it by a seed.
 */
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { randomFrom } from './random.ts';

export interface FaultyRelay {
  readonly port: number;
  readonly faults: { cuts: number; stalls: number };
  /** From now on it carries all that comes. */
  heal(): void;
  close(): void;
}

export interface Faults {
  readonly seed: number;
  /** A connection is cut after a random number of bytes up to this, in either direction. */
  readonly cutBytesMax: number;
  /** Of all chunks, the part that is held back. */
  readonly stalls: number;
  readonly stallMsMax: number;
}

export async function startFaultyRelay(toPort: () => number, faults: Faults): Promise<FaultyRelay> {
  const random = randomFrom(faults.seed);
  const state = { isHealed: false, counts: { cuts: 0, stalls: 0 } };
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = createConnection(toPort(), '127.0.0.1');
    const pair = [client, upstream] as const;
    for (const socket of pair) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        for (const other of pair) other.destroy();
      });
    }
    const cut = (): void => {
      state.counts.cuts += 1;
      if (random() < 0.5) client.resetAndDestroy();
      else client.end();
      upstream.destroy();
    };
    carry(client, upstream, { random, faults, state, cut });
    carry(upstream, client, { random, faults, state, cut });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay has no port');
  return {
    port: address.port,
    faults: state.counts,
    heal: () => {
      state.isHealed = true;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface Carrying {
  readonly random: () => number;
  readonly faults: Faults;
  readonly state: { readonly isHealed: boolean; readonly counts: { stalls: number } };
  readonly cut: () => void;
}

function carry(from: Socket, to: Socket, { random, faults, state, cut }: Carrying): void {
  let left = Math.ceil(random() * faults.cutBytesMax);
  from.on('end', () => to.end());
  let isCut = false;
  from.on('data', (chunk: Buffer) => {
    if (isCut) return;
    if (!state.isHealed && chunk.length >= left) {
      // The last bytes are half a frame.
      if (to.writable) to.write(chunk.subarray(0, left));
      isCut = true;
      setImmediate(cut);
      return;
    }
    left -= chunk.length;
    if (!to.writable) return;
    const hasRoom = to.write(chunk);
    if (!state.isHealed && random() < faults.stalls) {
      state.counts.stalls += 1;
      from.pause();
      setTimeout(() => from.resume(), random() * faults.stallMsMax);
    } else if (!hasRoom) {
      from.pause();
      to.once('drain', () => from.resume());
    }
  });
}
