/** Lines of a file or of stdin, many at a time, each where it lies, with its number. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CommandError } from '../exit-codes.ts';

/** The bytes of `block` from `start` to before `end`, without blanks at the end. */
export interface InputLine {
  readonly block: Buffer;
  readonly start: number;
  readonly end: number;
  /** Counted from 1. */
  readonly line: number;
  /** Of the input, its end of line too. */
  readonly bytes: number;
}

export interface Input {
  /** Some are valid until the next are asked for. Their blocks are the reader's own: it may write into them. */
  readonly lines: AsyncIterable<readonly InputLine[]>;
  /** In bytes, as far as it is known. */
  readonly size: number | null;
}

const chunkBytes = 1024 * 1024;
const lineBytesMax = 16 * 1024 * 1024;
const newline = 0x0a;
const blank = 0x20;

/** `-` is stdin; a name that ends in `.gz` is unpacked. Throws CommandError where it cannot be read. */
export async function openInput(path: string, signal: AbortSignal): Promise<Input> {
  if (path === '-') return { lines: linesOf(addAbortSignal(signal, process.stdin)), size: null };
  const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(`${path} cannot be read (${cause.code}).`, undefined, { cause });
  });
  if (!path.endsWith('.gz')) {
    const stat = await file.stat();
    return { lines: linesOf(chunksOf(file, signal)), size: stat.isFile() ? stat.size : null };
  }
  const packed = addAbortSignal(signal, createReadStream('', { fd: file, highWaterMark: chunkBytes }));
  const unpacked = createGunzip({ chunkSize: chunkBytes });
  packed.on('error', (error) => unpacked.destroy(error));
  return { lines: linesOf(packed.pipe(unpacked)), size: null };
}

/** Each is valid until the next one: a buffer for each would keep the garbage collector busy. */
async function* chunksOf(file: Awaited<ReturnType<typeof open>>, signal: AbortSignal): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  try {
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, chunkBytes);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Empty lines are counted and left out. What is yielded is valid until the next is asked for. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly InputLine[]> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let line = 0;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(newline) + 1;
    const begun = rest.length === 0 ? 0 : chunk.indexOf(newline) + 1;
    // The line that began in an earlier chunk is put together; the others stay where they are.
    if (begun > 0) {
      const { lines, last } = cutLines(Buffer.concat([...rest, chunk.subarray(0, begun)]), line);
      yield lines;
      line = last;
    }
    if (end > begun) {
      const { lines, last } = cutLines(chunk.subarray(begun, end), line);
      yield lines;
      line = last;
    }
    if (end > 0) {
      rest = [];
      restBytes = 0;
    }
    if (end < chunk.length) rest.push(Buffer.from(chunk.subarray(end)));
    restBytes += chunk.length - end;
    if (restBytes > lineBytesMax) throw new CommandError(`Line ${line + 1} has more than ${lineBytesMax} bytes.`);
  }
  if (restBytes > 0) yield cutLines(Buffer.concat(rest), line).lines;
}

/** All but the empty ones; `before` lines were counted already. `last` is the number of the last, empty or not. */
export function cutLines(block: Buffer, before: number): { lines: InputLine[]; last: number } {
  const lines: InputLine[] = [];
  let line = before;
  for (let at = 0; at < block.length; ) {
    const stop = block.indexOf(newline, at);
    const next = stop < 0 ? block.length : stop + 1;
    line += 1;
    const end = endOfText(block, at, next);
    if (end > at) lines.push({ block, start: at, end, line, bytes: next - at });
    at = next;
  }
  return { lines, last: line };
}

export function countLines(block: Buffer): number {
  let lines = 0;
  for (let at = block.indexOf(newline); at >= 0; at = block.indexOf(newline, at + 1)) lines += 1;
  return lines;
}

function endOfText(block: Buffer, start: number, end: number): number {
  let at = end;
  while (at > start && (block[at - 1] ?? 0) <= blank) at -= 1;
  return at;
}
