/**
 * Where an HTTP/1.1 message ends, for bytes that were written or read as they are.
 */
export interface HttpMessage {
  /** Lower case names; of repeated ones the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly firstLine: string;
  /** Bytes of the head, and of all. */
  readonly headBytes: number;
  readonly bytes: number;
}

/** The first message in the bytes; null if it is not whole. `hasBody` is false of answers to HEAD. */
export function readMessage(bytes: Buffer, hasBody = true): HttpMessage | null {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const headBytes = headEnd + 4;
  const [firstLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const end = hasBody && !isBodiless(firstLine) ? bodyEnd(bytes, headBytes, headers) : headBytes;
  return end === null || end > bytes.length ? null : { headers, firstLine, headBytes, bytes: end };
}

function isBodiless(firstLine: string): boolean {
  return /^HTTP\/1\.1 (?:1\d\d|204)/.test(firstLine);
}

function bodyEnd(bytes: Buffer, headBytes: number, headers: ReadonlyMap<string, string>): number | null {
  if (headers.get('transfer-encoding') !== 'chunked') return headBytes + Number(headers.get('content-length') ?? 0);
  for (let at = headBytes; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    at = lineEnd + 2 + size + 2;
    if (size === 0) return at;
  }
}
