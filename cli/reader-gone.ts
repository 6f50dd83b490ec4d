/**
 * A command that waits for events would learn only when it next writes that the reader of its pipe has left. The system
 * knows it before: poll() says so of a descriptor.
 */
import { fstatSync } from 'node:fs';
import { openLibc } from '../src/base/libc.ts';

const askMs = 100;
/** As Linux numbers them. */
const pollError = 8;
const pollHangUp = 16;

/**
 * Calls `gone` once, some 100 ms after the last reader of that pipe has left; never for a file or a terminal, nor where
 * the system cannot be asked.
 */
export function whenReaderGone(descriptor: number, gone: () => void): void {
  const stat = fstatSync(descriptor);
  if (process.platform !== 'linux' || !(stat.isFIFO() || stat.isSocket())) return;
  const poll = pollOf(descriptor);
  const timer = setInterval(() => {
    if ((poll() & (pollError | pollHangUp)) === 0) return;
    clearInterval(timer);
    gone();
  }, askMs);
  timer.unref();
}

/** What has happened to it, without a wait. */
function pollOf(descriptor: number): () => number {
  try {
    const { DataType, load } = openLibc();
    // struct pollfd: the descriptor, what is asked for (nothing more), and what has happened.
    const asked = Buffer.alloc(8);
    asked.writeInt32LE(descriptor);
    const call = {
      library: 'libc',
      funcName: 'poll',
      retType: DataType.I32,
      paramsType: [DataType.U8Array, DataType.U64, DataType.I32],
      paramsValue: [asked, 1, 0],
    };
    return () => {
      load(call);
      return asked.readInt16LE(6);
    };
  } catch {
    return () => 0;
  }
}
