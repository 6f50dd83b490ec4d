/**
 * How bodies are compressed.
 */
import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';

/** Starlette's bound: shorter bodies stay plain. */
export const gzipBytesMin = 500;
/** Longer bodies are compressed off the main thread: a page of fifty events takes 0.1 ms here, and there longer. */
export const gzipNowBytesMax = 96 * 1024;
/** A tenth larger than by zlib's default, in half the time. */
export const gzipOptions = { level: 3 };

const compressLater = promisify(gzip);

export function gzipNow(body: string | Buffer): Buffer {
  return gzipSync(body, gzipOptions);
}

export function gzipLater(body: string | Buffer): Promise<Buffer> {
  return compressLater(body, gzipOptions);
}
