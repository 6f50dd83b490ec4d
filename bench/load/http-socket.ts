/**
 * The least HTTP that a load maker needs: a socket, the head of a POST of events, and the status of its answer.
 */
import { connect, type Socket } from 'node:net';

export function headOf({ url, authString }: { url: string; authString?: string }, bodyBytes: number): string {
  const authorization =
    authString === undefined ? '' : `Authorization: Basic ${Buffer.from(authString).toString('base64')}\r\n`;
  return (
    `POST /api/events HTTP/1.1\r\nHost: ${new URL(url).host}\r\nContent-Type: ` +
    `application/json\r\n${authorization}Content-Length: ${bodyBytes}\r\n\r\n`
  );
}

export function dial(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.setNoDelay(true);
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

/** Sends a request and resolves to the status; the answers of interest have no body. */
export function exchange(socket: Socket, request: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let head = '';
    const take = (chunk: Buffer): void => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', take);
      socket.off('close', fail);
      const status = Number(head.slice(9, 12));
      if (status === 204 || status === 503) resolve(status);
      else reject(new Error(`A batch was answered with ${head.slice(0, 500)}`));
    };
    const fail = (): void => reject(new Error('The server hung up'));
    socket.on('data', take);
    socket.once('close', fail);
    socket.write(request);
  });
}
