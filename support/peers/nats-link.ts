/**
 * A TCP relay before a NATS server that knows its protocol: of what the server says it loses whole messages, answers
 * and those of a stream, and for a while it may let nothing through at all, and all of it later.
 */
import { createConnection, createServer, type Socket } from 'node:net';
import { listenHere } from '../free-port.ts';

export interface LinkFaults {
  readonly random: () => number;
  /** Of all answers, the part that is lost. */
  readonly answers: number;
  /** Of all messages that a consumer gives, the part that is lost. */
  readonly messages: number;
}

export interface NatsLink {
  readonly port: number;
  /** What was lost so far. */
  readonly lost: { readonly answers: number; readonly messages: number };
  /** While it is, nothing goes through; then all that was sent meanwhile does. */
  isSilent: boolean;
  /** From now on nothing is lost. */
  calm(): void;
  close(): void;
}

export async function startNatsLink(to: { host: string; port: number }, faults: LinkFaults): Promise<NatsLink> {
  const lost = { answers: 0, messages: 0 };
  const sockets = new Set<Socket>();
  let isSilent = false;
  let isCalm = false;

  const isLost = ({ subject, reply }: NatsFrame): boolean => {
    const kind = reply.startsWith('$JS.ACK.') ? 'messages' : subject.startsWith('_INBOX.') ? 'answers' : null;
    if (kind === null || isCalm || faults.random() >= faults[kind]) return false;
    lost[kind] += 1;
    return true;
  };
  const server = createServer((client) => {
    const upstream = createConnection(to.port, to.host);
    const frames = new NatsFrames();
    for (const [from, into] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.once('close', () => {
        sockets.delete(from);
        into.destroy();
      });
      if (isSilent) from.pause();
    }
    client.on('data', (chunk: Buffer) => upstream.write(chunk));
    upstream.on('data', (chunk: Buffer) => {
      const kept = frames.take(chunk).filter((frame) => !isLost(frame));
      if (kept.length > 0 && client.writable) client.write(Buffer.concat(kept.map(({ bytes }) => bytes)));
    });
  });
  const port = await listenHere(server);
  return {
    port,
    lost,
    get isSilent() {
      return isSilent;
    },
    set isSilent(is) {
      isSilent = is;
      for (const socket of sockets) is ? socket.pause() : socket.resume();
    },
    calm() {
      isCalm = true;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

export interface NatsFrame {
  readonly bytes: Buffer;
  /** Both empty for what is no message. */
  readonly subject: string;
  readonly reply: string;
}

/** What a server says, frame by frame, whatever chunks it comes in. */
export class NatsFrames {
  #rest: Buffer = Buffer.alloc(0);

  take(chunk: Buffer): NatsFrame[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: NatsFrame[] = [];
    let at = 0;
    for (let line = bytes.indexOf('\r\n'); line >= 0; line = bytes.indexOf('\r\n', at)) {
      // MSG subject sid [reply] size, HMSG subject sid [reply] head size; all else is one line.
      const [kind, ...words] = bytes.toString('latin1', at, line).split(' ');
      const isMessage = kind === 'MSG' || kind === 'HMSG';
      const end = line + 2 + (isMessage ? Number(words.at(-1)) + 2 : 0);
      if (end > bytes.length) break;
      const hasReply = words.length === (kind === 'MSG' ? 4 : 5);
      const [subject = '', , reply = ''] = isMessage ? words : [];
      frames.push({ bytes: bytes.subarray(at, end), subject, reply: hasReply ? reply : '' });
      at = end;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
    return frames;
  }
}
