/** The receive buffers of this process's sockets with a local port, as they were set: the kernel doubles them. */
import { descriptorsAt, socketCalls } from '../src/server/socket-calls.ts';

/** In bytes, rising. */
export function receiveBuffersOf(port: number): number[] {
  const calls = socketCalls();
  const buffers = descriptorsAt(port).map((descriptor) => (calls.receiveBufferOf(descriptor) ?? 0) / 2);
  return buffers.sort((one, other) => one - other);
}
