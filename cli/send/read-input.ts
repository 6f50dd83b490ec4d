/** Lines of a file or of stdin, many at a time, each with its number and its bytes. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CommandError } from '../exit-codes.ts';

export interface InputLine {
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
  /** Of the input, its end of line too. */
  readonly bytes: number;
}

export interface Input {
  readonly lines: AsyncIterable<readonly InputLine[]>;
  /** In bytes, as far as it is known. */
  readonly size: number | null;
}

const chunkBytes = 1024 * 1024;
const lineBytesMax = 16 * 1024 * 1024;

/** `-` is stdin; a name that ends in `.gz` is unpacked. Throws CommandError where it cannot be read. */
export async function openInput(path: string, signal: AbortSignal): Promise<Input> {
  if (path === '-') return { lines: linesOf(addAbortSignal(signal, process.stdin)), size: null };
  const { size } = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(`${path} cannot be read (${cause.code}).`, undefined, { cause });
  });
  const file = addAbortSignal(signal, createReadStream(path, { highWaterMark: chunkBytes }));
  if (!path.endsWith('.gz')) return { lines: linesOf(file), size };
  const unpacked = createGunzip({ chunkSize: chunkBytes });
  file.on('error', (error) => unpacked.destroy(error));
  return { lines: linesOf(file.pipe(unpacked)), size: null };
}

/** Empty lines are counted and left out. */
export async function* linesOf(input: Readable): AsyncGenerator<readonly InputLine[]> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 0;
  const cut = (bytes: Buffer): InputLine[] => {
    const found: InputLine[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(0x0a, at);
      const next = end < 0 ? bytes.length : end + 1;
      line += 1;
      const text = bytes.toString('utf8', at, end < 0 ? next : end);
      if (text.trim() !== '') found.push({ text: text.trimEnd(), line, bytes: next - at });
      at = next;
    }
    return found;
  };
  for await (const chunk of input as AsyncIterable<Buffer>) {
    const end = chunk.lastIndexOf(0x0a);
    if (end < 0) {
      rest = Buffer.concat([rest, chunk]);
      if (rest.length > lineBytesMax) throw new CommandError(`Line ${line + 1} has more than ${lineBytesMax} bytes.`);
      continue;
    }
    yield cut(rest.length === 0 ? chunk.subarray(0, end + 1) : Buffer.concat([rest, chunk.subarray(0, end + 1)]));
    rest = chunk.subarray(end + 1);
  }
  if (rest.length > 0) yield cut(rest);
}
