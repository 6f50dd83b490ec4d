/**
 * Keeps one fast socket from holding up all others (I5). The edge library reads 512 kB at once, and reads on while a
 * read was full: a peer that sends faster than its messages are handled would keep the loop for itself. With a receive
 * buffer smaller than that read no read is full. The library has no call for it, so libc's own is called; accepted
 * sockets inherit it from the listening ones.
 */
import { readdirSync } from 'node:fs';
import type { DataType as DataTypes } from 'ffi-rs';
import { openLibc } from '../base/libc.ts';

/** The kernel doubles it for its own books. */
export const receiveBufferBytes = 128 * 1024;

/** As Linux numbers them, on x64 and arm64 alike. */
const solSocket = 1;
const soReceiveBuffer = 8;
/** Of an address of IPv6, the larger one. */
const addressBytes = 28;

interface Libc {
  receiveBufferOf(descriptor: number): number | null;
  setReceiveBuffer(descriptor: number, bytes: number): boolean;
  localPortOf(descriptor: number): number | null;
}

let libc: Libc | null = null;

/**
 * Limits the buffer of each socket of this process with that local port, listening or accepted, and gives their number.
 * Throws Error where it cannot.
 */
export function limitReceiveBuffers(port: number): number {
  libc ??= socketCalls();
  let count = 0;
  for (const name of readdirSync('/proc/self/fd')) {
    const descriptor = Number(name);
    if (libc.localPortOf(descriptor) !== port) continue;
    // Set whatever it is: one that was not set grows by itself.
    const isSet = libc.setReceiveBuffer(descriptor, receiveBufferBytes);
    if (!isSet || (libc.receiveBufferOf(descriptor) ?? 0) > 2 * receiveBufferBytes)
      throw new Error('the system refused it');
    count += 1;
  }
  return count;
}

function socketCalls(): Libc {
  const ffi = openLibc();
  const { I32, U8Array } = ffi.DataType;
  const out = Buffer.alloc(addressBytes);
  const length = Buffer.alloc(4);
  const call = (funcName: string, paramsType: DataTypes[], paramsValue: unknown[]): number =>
    ffi.load({ library: 'libc', funcName, retType: I32, paramsType, paramsValue });
  return {
    receiveBufferOf(descriptor) {
      length.writeInt32LE(4);
      const given = [descriptor, solSocket, soReceiveBuffer, out, length];
      return call('getsockopt', [I32, I32, I32, U8Array, U8Array], given) === 0 ? out.readInt32LE() : null;
    },
    setReceiveBuffer(descriptor, bytes) {
      out.writeInt32LE(bytes);
      return call('setsockopt', [I32, I32, I32, U8Array, I32], [descriptor, solSocket, soReceiveBuffer, out, 4]) === 0;
    },
    localPortOf(descriptor) {
      out.fill(0);
      length.writeInt32LE(addressBytes);
      const isSocket = call('getsockname', [I32, U8Array, U8Array], [descriptor, out, length]) === 0;
      const family = out.readUInt16LE();
      return isSocket && (family === 2 || family === 10) ? out.readUInt16BE(2) : null;
    },
  };
}
