/**
 * Reads request bodies within three bounds: bytes of one, time of one, bytes of all at once (I4). Bytes count when they
 * arrive, so that a client cannot reserve what it never sends.
 */
import { Failure } from '../base/errors.ts';
import { createDeadlines } from './deadlines.ts';
import type { Exchange } from './exchange.ts';
import type { RequestHead } from './request-head.ts';

export interface BodyLimits {
  readonly bodyBytesMax: number;
  readonly bodiesBytesMax: number;
  readonly bodyMs: number;
}

export interface BodyReader {
  /**
   * Resolves with the bytes, or null if the client went away; rejects with a Failure. `release` must follow once they
   * are used up.
   */
  read(exchange: Exchange, bytesMax?: number): Promise<Buffer | null>;
  release(body: Buffer): void;
  /** Bytes held at this moment. */
  readonly heldBytes: number;
}

/** Characters of a coding that a sentence quotes. */
const codingShownMax = 40;

const noBytes = Buffer.alloc(0);

export function createBodyReader(limits: BodyLimits): BodyReader {
  let heldBytes = 0;
  const deadlines = createDeadlines(limits.bodyMs);

  function read(exchange: Exchange, routeBytesMax = limits.bodyBytesMax): Promise<Buffer | null> {
    const bodyBytesMax = Math.min(routeBytesMax, limits.bodyBytesMax);
    const refusal = refusalOf(exchange.head, bodyBytesMax);
    if (refusal !== null) return Promise.reject(refusal);
    // The library tells the end of an empty body only where the head came in one read.
    if (exchange.head.contentLength === 0) return Promise.resolve(noBytes);
    return new Promise((resolve, reject) => {
      let chunks: Buffer[] = [];
      let bytes = 0;
      let isSettled = false;
      const late = deadlines.begin(() => giveUp(tooSlow(limits)));
      const settle = (): void => {
        isSettled = true;
        deadlines.end(late);
      };

      function giveUp(failure: Failure | null): void {
        if (isSettled) return;
        settle();
        heldBytes -= bytes;
        chunks = [];
        if (failure === null) resolve(null);
        else reject(failure);
      }

      function receive(chunk: ArrayBuffer, isLast: boolean): void {
        if (isSettled) return;
        bytes += chunk.byteLength;
        heldBytes += chunk.byteLength;
        const isTooLarge = bytes > bodyBytesMax;
        if (isTooLarge || heldBytes > limits.bodiesBytesMax) {
          giveUp(isTooLarge ? tooLarge(bodyBytesMax) : tooMany());
          return;
        }
        // A copy: the chunk is taken back when this returns.
        if (chunk.byteLength > 0) chunks.push(Buffer.from(new Uint8Array(chunk)));
        if (!isLast) return;
        settle();
        const [only] = chunks;
        resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
      }

      exchange.onBody(receive, () => giveUp(null));
    });
  }

  return {
    read,
    release: (body) => {
      heldBytes -= body.length;
    },
    get heldBytes() {
      return heldBytes;
    },
  };
}

/** By the head alone. */
function refusalOf({ contentCoding, contentLength }: RequestHead, bodyBytesMax: number): Failure | null {
  if (contentCoding !== '') return coded(contentCoding);
  return contentLength !== null && contentLength > bodyBytesMax ? tooLarge(bodyBytesMax) : null;
}

function tooLarge(bodyBytesMax: number): Failure {
  return new Failure('bodyTooLarge', `The body is larger than ${bodyBytesMax} bytes.`);
}

function coded(coding: string): Failure {
  const sent = JSON.stringify(coding.slice(0, codingShownMax));
  return new Failure('codedBody', `A body with Content-Encoding ${sent} is not unpacked. Send it as it is.`);
}

function tooSlow({ bodyMs }: BodyLimits): Failure {
  return new Failure('bodyTooSlow', `The body did not arrive within ${bodyMs} ms.`);
}

function tooMany(): Failure {
  return new Failure('tooManyBytesInFlight', 'Too many request bodies are under way. Try again.');
}
