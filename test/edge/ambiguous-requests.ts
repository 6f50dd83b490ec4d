/**
 * Requests that two servers in a row may read in two ways, which is how a request is smuggled past the checks of the
 * first one. Each carries one event of its own and, where a reader might find a second request, that of a smuggled one.
 * docs/SECURITY.md lists them with who refuses each.
 */

export interface AmbiguousRequest {
  readonly name: string;
  /**
   * Who says no where Sluice stands alone: the library that parses, or Sluice. `nobody`: what is behind the parser
   * cannot see it.
   */
  readonly refusedBy: 'the library' | 'Sluice' | 'nobody';
  /** The status, where nobody else answers; null: none comes. */
  readonly status: 400 | 505 | null;
  /** False: it is not answered, and its connection stays open until its time is over. */
  readonly closes: boolean;
  readonly bytes: (given: Given) => Buffer;
}

export interface Given {
  readonly host: string;
  /** Of the route that takes events, with whatever a proxy wants before it. */
  readonly path: string;
  /** A body: the JSON list of one event. */
  readonly own: string;
  /** A whole POST request of another event. */
  readonly smuggled: string;
}

const chunked = 'Transfer-Encoding: chunked\r\n';
const asChunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

/** A POST with these header lines, each with its line end, and what follows the head. */
function posted(lines: (given: Given) => string, rest: (given: Given) => string) {
  return (given: Given): Buffer => {
    const head = `POST ${given.path} HTTP/1.1\r\nHost: ${given.host}\r\nContent-Type: application/json\r\n`;
    return Buffer.from(`${head}${lines(given)}\r\n${rest(given)}`, 'latin1');
  };
}

/**
 * A POST whose body has one right length, with more header lines that make it doubtful, and a second request behind it.
 */
const beside = (lines: string): AmbiguousRequest['bytes'] =>
  posted(
    ({ own }) => `${lines}Content-Length: ${own.length}\r\n`,
    ({ own, smuggled }) => own + smuggled,
  );

/** A POST whose one length is written so, with its body and a second request behind it. */
const lengthAs = (write: (bytes: number) => string): AmbiguousRequest['bytes'] =>
  posted(
    ({ own }) => `Content-Length:${write(own.length)}\r\n`,
    ({ own, smuggled }) => own + smuggled,
  );

/** Read as chunked it is one event and a second request; read otherwise, something else. */
const codedAs = (lines: string): AmbiguousRequest['bytes'] =>
  posted(
    () => lines,
    ({ own, smuggled }) => `${asChunk(own)}0\r\n\r\n${smuggled}`,
  );

/** A chunked body that is framed so. */
const framedAs = (frame: (given: Given) => string): AmbiguousRequest['bytes'] => posted(() => chunked, frame);

/** The whole request is written here; the body and the second request follow. */
const written = (head: (given: Given) => string): AmbiguousRequest['bytes'] => {
  return (given) => {
    const length = `Content-Type: application/json\r\nContent-Length: ${given.own.length}\r\n\r\n`;
    return Buffer.from(`${head(given)}${length}${given.own}${given.smuggled}`, 'latin1');
  };
};

const upgrade = (lines: string): AmbiguousRequest['bytes'] => {
  return ({ host, path, smuggled }) =>
    Buffer.from(
      `GET ${path}/in HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ` +
        `dGhlIHNhbXBsZSBub25jZQ==\r\n` +
        `Sec-WebSocket-Protocol: prefect\r\n${lines}\r\n${smuggled}`,
    );
};

const bySluice = { refusedBy: 'Sluice', status: 400, closes: true } as const;
const byLibrary = { refusedBy: 'the library', status: 400, closes: true } as const;
/** It takes for a version what stands behind the first blank. */
const asVersion = { refusedBy: 'the library', status: 505, closes: true } as const;
/** It waits for more, in vain. */
const waitedFor = { refusedBy: 'the library', status: null, closes: false } as const;
/** The connection ends because of the second request: see the limits in docs/PROTOCOL.md. */
const byNobody = { refusedBy: 'nobody', status: null, closes: true } as const;

export const ambiguousRequests: readonly AmbiguousRequest[] = [
  {
    name: 'two lengths, the shorter one first',
    ...bySluice,
    bytes: posted(
      ({ smuggled }) => `Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n`,
      ({ smuggled }) => smuggled,
    ),
  },
  {
    name: 'two lengths, the longer one first',
    ...bySluice,
    bytes: posted(
      ({ own }) => `Content-Length: ${own.length}\r\nContent-Length: 0\r\n`,
      ({ own }) => own,
    ),
  },
  {
    name: 'the same length twice',
    ...bySluice,
    bytes: posted(
      ({ own }) => `Content-Length: ${own.length}\r\nContent-Length: ${own.length}\r\n`,
      ({ own, smuggled }) => own + smuggled,
    ),
  },
  { name: 'a list as length', ...bySluice, bytes: lengthAs((bytes) => ` ${bytes}, ${bytes}`) },
  { name: 'a length with a sign', ...bySluice, bytes: lengthAs((bytes) => ` +${bytes}`) },
  { name: 'a negative length', ...bySluice, bytes: lengthAs(() => ' -1') },
  { name: 'a length in hexadecimal', ...bySluice, bytes: lengthAs((bytes) => ` 0x${bytes.toString(16)}`) },
  { name: 'a length with a blank in it', ...bySluice, bytes: lengthAs((bytes) => ` ${bytes} 0`) },
  { name: 'an empty length', ...bySluice, bytes: lengthAs(() => '') },
  { name: 'a length of 30 digits', ...bySluice, bytes: lengthAs(() => ` ${'9'.repeat(30)}`) },
  { name: 'a length, then chunked', ...byLibrary, bytes: codedAs(`Content-Length: 4\r\n${chunked}`) },
  { name: 'chunked, then a length', ...byLibrary, bytes: codedAs(`${chunked}Content-Length: 4\r\n`) },
  { name: 'an unknown coding', ...bySluice, bytes: codedAs('Transfer-Encoding: xchunked\r\n') },
  { name: 'chunked, and a coding after it', ...bySluice, bytes: codedAs('Transfer-Encoding: chunked, gzip\r\n') },
  { name: 'a coding, then chunked', ...bySluice, bytes: codedAs('Transfer-Encoding: gzip, chunked\r\n') },
  { name: 'two lines of codings', ...bySluice, bytes: codedAs(`${chunked}Transfer-Encoding: identity\r\n`) },
  { name: 'an empty coding', ...bySluice, bytes: codedAs('Transfer-Encoding:\r\n') },
  { name: 'an empty coding beside a length', ...bySluice, bytes: beside('Transfer-Encoding:\r\n') },
  {
    name: 'a vertical tab before chunked',
    ...byLibrary,
    bytes: codedAs('Transfer-Encoding: \x0bchunked\r\n'),
  },
  {
    name: 'white space before the colon of a coding',
    ...byLibrary,
    bytes: codedAs('Transfer-Encoding : chunked\r\n'),
  },
  {
    name: 'white space before the colon of a length',
    ...byLibrary,
    bytes: posted(
      ({ own }) => `Content-Length : ${own.length}\r\n`,
      ({ own, smuggled }) => own + smuggled,
    ),
  },
  { name: 'a folded coding', ...byLibrary, bytes: codedAs('Transfer-Encoding:\r\n chunked\r\n') },
  { name: 'a folded header', ...byLibrary, bytes: beside('X-A: a\r\n\tb\r\n') },
  { name: 'a head that begins with a fold', ...byLibrary, bytes: written(folded) },
  { name: 'a bare line feed between headers', ...byLibrary, bytes: beside('X-A: a\nX-B: b\r\n') },
  { name: 'a bare carriage return in a value', ...waitedFor, bytes: beside('X-A: a\rX-B: b\r\n') },
  { name: 'a NUL in a value', ...byLibrary, bytes: beside('X-A: a\0b\r\n') },
  { name: 'a NUL in a name', ...byLibrary, bytes: beside('X\0A: a\r\n') },
  { name: 'a header without a name', ...byNobody, bytes: beside(': a\r\n') },
  { name: 'a header without a colon', ...byLibrary, bytes: beside('X-A\r\n') },
  { name: 'no Host', ...byLibrary, bytes: written(({ path }) => `POST ${path} HTTP/1.1\r\n`) },
  { name: 'two Hosts', ...byLibrary, bytes: beside('Host: elsewhere\r\n') },
  { name: 'an empty Host', ...bySluice, bytes: written(({ path }) => `POST ${path} HTTP/1.1\r\nHost:\r\n`) },
  {
    name: 'two names in one Host',
    ...bySluice,
    bytes: written(({ path, host }) => `POST ${path} HTTP/1.1\r\nHost: ${host}, elsewhere\r\n`),
  },
  {
    name: 'a Host with a path',
    ...bySluice,
    bytes: written(({ path, host }) => `POST ${path} HTTP/1.1\r\nHost: ${host}/x?y\r\n`),
  },
  {
    name: 'two blanks in the request line',
    ...asVersion,
    bytes: written(({ path, host }) => `POST ${path}  HTTP/1.1\r\nHost: ${host}\r\n`),
  },
  {
    name: 'a request line that ends with a bare line feed',
    ...asVersion,
    bytes: written(({ path, host }) => `POST ${path} HTTP/1.1\nHost: ${host}\r\n`),
  },
  {
    name: 'a tab in the request line',
    ...asVersion,
    bytes: written(({ path, host }) => `POST\t${path} HTTP/1.1\r\nHost: ${host}\r\n`),
  },
  {
    name: 'a whole URL as target, of another host',
    ...asVersion,
    bytes: written(({ path, host }) => `POST http://elsewhere${path} HTTP/1.1\r\nHost: ${host}\r\n`),
  },
  {
    name: 'a method in lower case',
    ...bySluice,
    bytes: written(({ path, host }) => `post ${path} HTTP/1.1\r\nHost: ${host}\r\n`),
  },
  {
    name: 'HTTP/1.0',
    ...asVersion,
    bytes: written(({ path, host }) => `POST ${path} HTTP/1.0\r\nHost: ${host}\r\nConnection: keep-alive\r\n`),
  },
  {
    name: 'a chunk size with a prefix',
    ...byLibrary,
    bytes: framedAs(({ own, smuggled }) => `0x${asChunk(own)}0\r\n\r\n${smuggled}`),
  },
  {
    name: 'a chunk size with a sign',
    ...byLibrary,
    bytes: framedAs(({ own, smuggled }) => `+${asChunk(own)}0\r\n\r\n${smuggled}`),
  },
  {
    name: 'a chunk size of more than 64 bits',
    ...byLibrary,
    bytes: framedAs(
      ({ own, smuggled }) => `1${own.length.toString(16).padStart(16, '0')}\r\n${own}\r\n0\r\n\r\n${smuggled}`,
    ),
  },
  {
    name: 'a chunk size with an extension',
    ...waitedFor,
    bytes: framedAs(({ own, smuggled }) => `${own.length.toString(16)};a=b\r\n${own}\r\n0\r\n\r\n${smuggled}`),
  },
  {
    name: 'a chunk that ends with other bytes than a line end',
    ...byNobody,
    bytes: framedAs(({ own, smuggled }) => `${own.length.toString(16)}\r\n${own}XX0\r\n\r\n${smuggled}`),
  },
  {
    name: 'a chunk size that ends with a bare line feed',
    ...byNobody,
    bytes: framedAs(({ own, smuggled }) => `${own.length.toString(16)}\n${own}\r\n0\r\n\r\n${smuggled}`),
  },
  {
    name: 'a trailer',
    ...asVersion,
    bytes: framedAs(({ own, smuggled }) => `${asChunk(own)}0\r\nX-Sum: 1\r\n\r\n${smuggled}`),
  },
  {
    name: 'a trailer that would be a request without its first two bytes',
    ...byNobody,
    bytes: framedAs(({ own, smuggled }) => `${asChunk(own)}0\r\nXX${smuggled}`),
  },
  {
    name: 'a handshake with a body',
    ...bySluice,
    bytes: upgrade('Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nContent-Length: 5\r\n'),
  },
  {
    name: 'a handshake of another version',
    ...bySluice,
    bytes: upgrade('Upgrade: websocket\r\nSec-WebSocket-Version: 12\r\n'),
  },
  { name: 'a handshake without Upgrade', ...bySluice, bytes: upgrade('Sec-WebSocket-Version: 13\r\n') },
];

/**
 * The library cuts bytes over 127 off the ends of a value before anybody sees them, so Sluice obeys these where it
 * stands alone.
 */
export const obeyedRequests: readonly AmbiguousRequest[] = [
  { name: 'a byte over 127 before a length', ...byNobody, bytes: lengthAs((bytes) => ` \xa0${bytes}`) },
  { name: 'a byte over 127 behind a length', ...byNobody, bytes: lengthAs((bytes) => ` ${bytes}\xa0`) },
  { name: 'a byte over 127 before chunked', ...byNobody, bytes: codedAs('Transfer-Encoding: \xa0chunked\r\n') },
  { name: 'a byte over 127 behind chunked', ...byNobody, bytes: codedAs('Transfer-Encoding: chunked\xa0\r\n') },
];

function folded({ path, host }: Given): string {
  return `POST ${path} HTTP/1.1\r\n X-A: a\r\nHost: ${host}\r\n`;
}
