/** Lines of a body as they come, many at a time. */

/** Yields the whole lines of each piece, without empty ones by default; a last line without its end is not one. */
export async function* readLines(body: ReadableStream<Uint8Array>, keepsEmpty = false): AsyncGenerator<string[]> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const text = rest + decoder.decode(value, { stream: true });
      const end = text.lastIndexOf('\n');
      rest = text.slice(end + 1);
      if (end < 0) continue;
      const lines = text.slice(0, end).split('\n');
      yield keepsEmpty ? lines : lines.filter(isLine);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function isLine(text: string): boolean {
  return text !== '';
}
