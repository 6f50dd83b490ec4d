/**
 * Keeps one fast socket from holding up all others (I5). The edge library reads 512 kB at once, and reads on while a
 * read was full: a peer that sends faster than its messages are handled would keep the loop for itself. With a receive
 * buffer smaller than that read no read is full. The library has no call for it, so libc's own is called; accepted
 * sockets inherit it from the listening ones.
 */
import { descriptorsAt, socketCalls } from './socket-calls.ts';

/** The kernel doubles it for its own books. */
export const receiveBufferBytes = 128 * 1024;

/**
 * Limits the buffer of each socket of this process with that local port, listening or accepted, and gives their number.
 * Throws Error where it cannot.
 */
export function limitReceiveBuffers(port: number): number {
  const calls = socketCalls();
  const descriptors = descriptorsAt(port);
  for (const descriptor of descriptors) {
    // Set whatever it is: one that was not set grows by itself.
    const isSet = calls.setReceiveBuffer(descriptor, receiveBufferBytes);
    if (!isSet || (calls.receiveBufferOf(descriptor) ?? 0) > 2 * receiveBufferBytes)
      throw new Error('the system refused it');
  }
  return descriptors.length;
}
