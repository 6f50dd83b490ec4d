/**
 * The requests and handshakes among what clients sent, and which of them have the same shape.
 */
import { type HttpMessage, readMessage } from './http-messages.ts';

export interface RecordedRequest {
  readonly bytes: Buffer;
  readonly headBytes: number;
  readonly method: string;
  readonly path: string;
  readonly isHandshake: boolean;
  /** Alike in method, route, header names and framing. */
  readonly shape: string;
  /** ClickHouse may be asked for its answer. */
  readonly isQuery: boolean;
}

/** Every whole request, each once. What follows a handshake is left out: frames are masked at random. */
export function requestsOf(sent: readonly Buffer[]): RecordedRequest[] {
  const found = new Map<string, RecordedRequest>();
  for (const bytes of sent) {
    let rest = keptAlive(bytes);
    while (rest.length > 0) {
      const message = readMessage(rest);
      if (message === null) break;
      const request = requestOf(rest.subarray(0, message.bytes), message);
      found.set(request.bytes.toString('latin1'), request);
      if (request.isHandshake) break;
      rest = rest.subarray(message.bytes);
    }
  }
  return [...found.values()];
}

/** The tests' client has a connection for each request; what is cut and glued goes on with the same one. */
function keptAlive(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replace(/^Connection: close\r$/m, 'Connection: keep-alive\r'), 'latin1');
}

function requestOf(bytes: Buffer, { firstLine, headers, headBytes }: HttpMessage): RecordedRequest {
  const [method = '', target = ''] = firstLine.split(' ');
  const [path = '', query] = target.split('?');
  const names = [...headers.keys()].join();
  const length = bytes.length - headBytes;
  const size = length === 0 ? 'no body' : length < 1024 ? 'a short body' : length < 65_536 ? 'a body' : 'a long body';
  return {
    bytes,
    headBytes,
    method,
    path: target,
    isHandshake: headers.get('upgrade') !== undefined,
    isQuery: /\/(?:filter|count-by|export)/.test(path),
    shape: [method, path, query === undefined ? '' : '?', names, size].join(' '),
  };
}

/** One request of each shape, the shortest one. */
export function shapesOf(requests: readonly RecordedRequest[]): RecordedRequest[] {
  const shapes = new Map<string, RecordedRequest>();
  for (const request of requests) {
    const known = shapes.get(request.shape);
    if (known === undefined || known.bytes.length > request.bytes.length) shapes.set(request.shape, request);
  }
  return [...shapes.values()];
}

/** One query of each set of headers and framing, and all else: what parses is the same for every route. */
export function withFewQueries(shapes: readonly RecordedRequest[]): RecordedRequest[] {
  const kept = new Set<string>();
  return shapes.filter(({ isQuery, shape }) => {
    const alike = shape.replace(/ \S+/, '');
    if (!isQuery) return true;
    const isFirst = !kept.has(alike);
    kept.add(alike);
    return isFirst;
  });
}
