/** Lines of a body as they come, many at a time. A last line without its end is not one. */

const newline = 0x0a;

/** Yields the whole lines of each piece, empty ones too. */
export async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string[]> {
  for await (const block of readBlocks(body)) yield linesOf(block);
}

/** Yields the whole lines of each piece as bytes, each line with its newline. */
export async function* readBlocks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let rest: Uint8Array[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const end = value.lastIndexOf(newline) + 1;
      if (end > 0) {
        yield joined([...rest, value.subarray(0, end)]);
        rest = [];
      }
      if (end < value.length) rest.push(value.subarray(end));
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Of whole lines. */
export function linesOf(block: Uint8Array): string[] {
  return new TextDecoder().decode(block.subarray(0, -1)).split('\n');
}

/** The last one of whole lines, without its newline. */
export function lastLineOf(block: Uint8Array): string {
  return new TextDecoder().decode(block.subarray(block.lastIndexOf(newline, -2) + 1, -1));
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1 && pieces[0] !== undefined) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
