/**
 * The text protocol of NATS over TCP, as little of it as the bench needs: CONNECT, SUB, PUB, and messages as they come.
 */
import { connect, type Socket } from 'node:net';

export interface NatsMessage {
  readonly subject: string;
  readonly reply: string | null;
  readonly payload: Buffer;
}

const lineEnd = Buffer.from('\r\n');

export class NatsConnection {
  readonly socket: Socket;
  onMessage: (message: NatsMessage) => void = () => undefined;
  #rest: Buffer = Buffer.alloc(0);
  #connected: () => void = () => undefined;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  /** Resolves when the server has answered. */
  open(): Promise<void> {
    this.socket.write('CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true}\r\nPING\r\n');
    return new Promise((resolve, reject) => {
      this.#connected = resolve;
      this.socket.once('error', reject);
    });
  }

  subscribe(subject: string, id: number): void {
    this.socket.write(`SUB ${subject} ${id}\r\n`);
  }

  publish(subject: string, payload: Buffer | string, reply = ''): void {
    this.socket.write(publication(subject, payload, reply));
  }

  /** One request of the JetStream API. */
  async request(subject: string, body: object): Promise<Record<string, unknown>> {
    const before = this.onMessage;
    this.subscribe('_BENCH.api', 99);
    const answer = await new Promise<NatsMessage>((resolve) => {
      this.onMessage = resolve;
      this.publish(subject, JSON.stringify(body), '_BENCH.api');
    });
    this.socket.write('UNSUB 99\r\n');
    this.onMessage = before;
    const parsed = JSON.parse(answer.payload.toString()) as Record<string, unknown>; // JetStream answers with an object
    if ('error' in parsed) throw new Error(`${subject}: ${JSON.stringify(parsed['error'])}`);
    return parsed;
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const end = bytes.indexOf(lineEnd, at);
      if (end < 0) break;
      const line = bytes.toString('latin1', at, end);
      if (line.startsWith('MSG ') || line.startsWith('HMSG ')) {
        const words = line.split(' ');
        const size = Number(words.at(-1));
        if (bytes.length < end + 2 + size + 2) break;
        const hasHeaders = words[0] === 'HMSG';
        const reply = words.length === (hasHeaders ? 6 : 5) ? (words[3] ?? null) : null;
        this.onMessage({ subject: words[1] ?? '', reply, payload: bytes.subarray(end + 2, end + 2 + size) });
        at = end + 2 + size + 2;
        continue;
      }
      if (line === 'PING') this.socket.write('PONG\r\n');
      else if (line === 'PONG') this.#connected();
      else if (line.startsWith('-ERR')) throw new Error(line);
      at = end + 2;
    }
    this.#rest = at === bytes.length ? Buffer.alloc(0) : bytes.subarray(at);
  }
}

export function publication(subject: string, payload: Buffer | string, reply = ''): Buffer {
  const head = `PUB ${subject} ${reply === '' ? '' : `${reply} `}${Buffer.byteLength(payload)}\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(payload), lineEnd]);
}
