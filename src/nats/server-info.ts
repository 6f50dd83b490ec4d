/**
 * What a NATS server says of itself before anything else, on a connection of its own: whether it wants a certificate
 * of the client. Such a server ends the connection of one without, and the client's library goes on waiting.
 */
import { createConnection } from 'node:net';

const answerMs = 2_000;
const bytesMax = 64 * 1024;

/** False where it does not say, or is not there. Never rejects. */
export function wantsCertificate(server: string): Promise<boolean> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(server.includes('://') ? server : `nats://${server}`);
    const socket = createConnection({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || 4222 });
    let text = '';
    const end = (wants: boolean): void => {
      socket.destroy();
      resolve(wants);
    };
    socket.setTimeout(answerMs, () => end(false));
    socket.on('error', () => end(false));
    socket.on('close', () => resolve(false));
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (text.includes('\r\n') || text.length > bytesMax) end(/^INFO .*"tls_verify":\s*true/.test(text));
    });
  });
}
