/**
 * Where requests are cut.
 */
import type { RecordedRequest } from './recorded-requests.ts';

const edgeBytes = 8;
const seams = [16_384, 65_536, 131_072, 262_144, 524_288, 1_048_576];
const singleBytesMax = 1_200;

/**
 * Every byte of the head, and of a short body; of a longer one the edges: its ends, and those of the sizes in which
 * bytes are read and gathered.
 */
export function everyCut({ bytes, headBytes }: RecordedRequest, wholeBodyBytesMax: number): number[] {
  const from = (start: number, end: number): number[] => {
    const first = Math.max(1, start);
    return Array.from({ length: Math.max(0, Math.min(end, bytes.length) - first) }, (_, nth) => first + nth);
  };
  if (bytes.length - headBytes <= wholeBodyBytesMax) return from(1, bytes.length);
  const inBody = seams.flatMap((seam) => [
    ...from(seam - 1, seam + 2),
    ...from(headBytes + seam - 1, headBytes + seam + 2),
  ]);
  return [
    ...new Set([
      ...from(1, headBytes + edgeBytes),
      ...inBody.filter((at) => at > headBytes),
      ...from(bytes.length - edgeBytes, bytes.length),
    ]),
  ];
}

/** In the request line, in the head's end, at the body's beginning and end. */
export function fewCuts({ bytes, headBytes }: RecordedRequest, random: () => number): number[] {
  const anywhere = [1 + Math.floor(random() * (headBytes - 1)), 1 + Math.floor(random() * (bytes.length - 1))];
  const cuts = [...anywhere, headBytes - 3, headBytes - 1, headBytes, headBytes + 1, bytes.length - 1];
  return [...new Set(cuts.filter((at) => at > 0 && at < bytes.length))];
}

export function cutAt(bytes: Buffer, at: number): Buffer[] {
  return [bytes.subarray(0, at), bytes.subarray(at)];
}

/** One byte a piece; null for what is too long for that. */
export function singleBytes(bytes: Buffer): Buffer[] | null {
  if (bytes.length > singleBytesMax) return null;
  return Array.from({ length: bytes.length }, (_, nth) => bytes.subarray(nth, nth + 1));
}
