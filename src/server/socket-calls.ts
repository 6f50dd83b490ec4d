/**
 * What libc says of a socket of this process, and sets of it: the edge library has no calls for that.
 */
import { readdirSync } from 'node:fs';
import type { DataType as DataTypes } from 'ffi-rs';
import { openLibc } from '../base/libc.ts';

export interface SocketCalls {
  receiveBufferOf(descriptor: number): number | null;
  setReceiveBuffer(descriptor: number, bytes: number): boolean;
  localPortOf(descriptor: number): number | null;
  /** The shortest round trip that was seen, in µs; null for what is no connection, or where the system does not say. */
  roundTripMicrosOf(descriptor: number): number | null;
}

/** As Linux numbers them, on x64 and arm64 alike. */
const solSocket = 1;
const soReceiveBuffer = 8;
const ipProtocolTcp = 6;
const tcpInfo = 11;
/** Of an address of IPv6, the larger one. */
const addressBytes = 28;
/** Of `struct tcp_info`, up to the shortest round trip, which lies at its end. */
const infoBytes = 152;
const roundTripAt = 148;
const established = 1;

let calls: SocketCalls | null = null;

/** Throws Error where they cannot be had. */
export function socketCalls(): SocketCalls {
  calls ??= openCalls();
  return calls;
}

/** This process's sockets with that local port, listening or accepted. Throws Error as `socketCalls`. */
export function descriptorsAt(port: number): number[] {
  const { localPortOf } = socketCalls();
  const all = readdirSync('/proc/self/fd').map(Number);
  return all.filter((descriptor) => localPortOf(descriptor) === port);
}

function openCalls(): SocketCalls {
  const ffi = openLibc();
  const { I32, U8Array } = ffi.DataType;
  const out = Buffer.alloc(infoBytes);
  const length = Buffer.alloc(4);
  const call = (funcName: string, paramsType: DataTypes[], paramsValue: unknown[]): number =>
    ffi.load({ library: 'libc', funcName, retType: I32, paramsType, paramsValue });
  const getOption = (descriptor: number, level: number, option: number, bytes: number): boolean => {
    length.writeInt32LE(bytes);
    const given = [descriptor, level, option, out, length];
    return call('getsockopt', [I32, I32, I32, U8Array, U8Array], given) === 0;
  };
  return {
    receiveBufferOf: (descriptor) => (getOption(descriptor, solSocket, soReceiveBuffer, 4) ? out.readInt32LE() : null),
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
    roundTripMicrosOf(descriptor) {
      const isTold = getOption(descriptor, ipProtocolTcp, tcpInfo, infoBytes) && length.readInt32LE() === infoBytes;
      return isTold && out.readUInt8() === established ? out.readUInt32LE(roundTripAt) : null;
    },
  };
}
