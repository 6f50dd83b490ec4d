/** The receive buffers of this process's sockets with a local port, as they were set: the kernel doubles them. */
import { readdirSync } from 'node:fs';
import { socketCalls } from '../src/server/socket-calls.ts';

/** In bytes, rising. */
export function receiveBuffersOf(port: number): number[] {
  const calls = socketCalls();
  const all = readdirSync('/proc/self/fd').map(Number);
  const ours = all.filter((descriptor) => calls.localPortOf(descriptor) === port);
  return ours.map((descriptor) => (calls.receiveBufferOf(descriptor) ?? 0) / 2).sort((one, other) => one - other);
}
