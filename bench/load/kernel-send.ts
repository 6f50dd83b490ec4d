/**
 * The kernel's floor of fan-out: one process writes the bytes of twenty frames at a time to each of many sockets,
 * another reads and drops them. `send` is the one whose CPU counts.
 */
import { connect, createServer, type Socket } from 'node:net';
import { runLoad } from './load-maker.ts';

export type KernelSendOptions =
  | {
      readonly mode: 'send';
      readonly port: number;
      readonly sockets: number;
      readonly seconds: number;
      readonly writeBytes: number;
    }
  | { readonly mode: 'read'; readonly port: number; readonly sockets: number };

export interface KernelSendReport {
  readonly bytes: number;
  readonly cpuSeconds: number;
}

runLoad(async (options: KernelSendOptions, ready): Promise<KernelSendReport> => {
  if (options.mode === 'read') return readAll(options, ready);
  const bytes = Buffer.alloc(options.writeBytes, 0x61);
  const sockets: Socket[] = [];
  const joined = new Promise<void>((resolve) => {
    createServer((socket) => {
      socket.setNoDelay(true);
      if (sockets.push(socket) === options.sockets) resolve();
    }).listen(options.port, '127.0.0.1', 1024, ready);
  });
  await joined;
  const start = performance.now();
  const before = process.cpuUsage();
  let written = 0;
  while (performance.now() - start < options.seconds * 1000) {
    for (const socket of sockets) {
      if (socket.writableLength > 0) continue;
      socket.write(bytes);
      written += bytes.length;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { user, system } = process.cpuUsage(before);
  for (const socket of sockets) socket.destroy();
  return { bytes: written, cpuSeconds: (user + system) / 1e6 };
});

async function readAll(
  { port, sockets }: KernelSendOptions & { readonly mode: 'read' },
  ready: () => void,
): Promise<KernelSendReport> {
  const shared = Buffer.alloc(512 * 1024);
  let bytes = 0;
  const ended = Array.from(
    { length: sockets },
    () =>
      new Promise<void>((resolve) => {
        const callback = (count: number): boolean => {
          bytes += count;
          return true;
        };
        const socket = connect({ port, host: '127.0.0.1', onread: { buffer: shared, callback } });
        socket.once('error', () => resolve());
        socket.once('close', () => resolve());
      }),
  );
  ready();
  await Promise.all(ended);
  const { user, system } = process.cpuUsage();
  return { bytes, cpuSeconds: (user + system) / 1e6 };
}
