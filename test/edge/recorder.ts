/**
 * A relay before a server that writes down what each client sent, so that a whole suite's requests can be sent again in
 * other pieces.
 */

import { connect, createServer, type Socket } from 'node:net';
import { listenHere } from '../../support/free-port.ts';

export interface Recorder {
  readonly port: number;
  /** What each connection's client sent, in the order of their beginnings. */
  readonly sent: () => readonly Buffer[];
  close(): void;
}

export async function startRecorder(host: string, port: number): Promise<Recorder> {
  const connections: Buffer[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const pieces: Buffer[] = [];
    connections.push(pieces);
    const upstream = connect({ host, port, allowHalfOpen: true });
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      sockets.add(from);
      from.setNoDelay();
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
    client.on('data', (piece) => pieces.push(piece as Buffer)); // without an encoding it is one
  });
  const ownPort = await listenHere(server);
  return {
    port: ownPort,
    sent: () => connections.map((pieces) => Buffer.concat(pieces)),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
