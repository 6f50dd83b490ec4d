/**
 * Cuts a TSVRaw answer at lines, as bytes: what is not looked at is never copied nor decoded. ClickHouse reports an
 * error in mid-answer within the answer, as a line of a lone carriage return and `__exception__`; that is recognised,
 * so a cut answer never looks whole.
 */
import { parseError } from '@clickhouse/client';

const newline = 0x0a;
const comma = 0x2c;
const reportStart = Buffer.from('\r\n');
const reportAfterLine = Buffer.from('\n\r\n');

/** Yields the answer in blocks of complete lines, each with its newline. Throws ClickHouse's error, or the stream's. */
export async function* lineBlocks(chunks: AsyncIterable<Buffer>, mayReport: boolean): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let report: Buffer[] | null = null;
  try {
    for await (const chunk of chunks) {
      for (const block of blocksOf(chunk)) {
        const at: number = report === null && mayReport ? findReport(block) : -1;
        if (report !== null) report.push(block);
        else if (at === -1) yield block;
        else {
          report = [block.subarray(at)];
          if (at > 0) yield block.subarray(0, at);
        }
      }
    }
  } catch (error) {
    // ClickHouse also breaks the connection off after its report.
    if (report === null) throw error;
  }
  if (report !== null) throw parseError(Buffer.concat(report).toString('utf8').split('\n').slice(3).join('\n'));
  if (pending.length > 0) throw new Error('The answer ended within a line.');

  /** The line that began in an earlier chunk is put together; the others stay where they are. */
  function blocksOf(chunk: Buffer): Buffer[] {
    const end = chunk.lastIndexOf(newline) + 1;
    const begun = pending.length === 0 ? 0 : chunk.indexOf(newline) + 1;
    if (end === 0) {
      if (chunk.length > 0) pending.push(chunk);
      return [];
    }
    const blocks: Buffer[] = begun === 0 ? [] : [Buffer.concat([...pending, chunk.subarray(0, begun)])];
    if (end > begun) blocks.push(chunk.subarray(begun, end));
    pending = end < chunk.length ? [chunk.subarray(end)] : [];
    return blocks;
  }
}

function findReport(block: Buffer): number {
  if (block.subarray(0, reportStart.length).equals(reportStart)) return 0;
  const at = block.indexOf(reportAfterLine);
  return at === -1 ? -1 : at + 1;
}

/** Yields batches of complete lines, without their newlines. Throws what the blocks throw. */
export async function* linesOf(blocks: AsyncIterable<Buffer>): AsyncGenerator<string[]> {
  for await (const block of blocks) {
    yield cutLines(block);
  }
}

export function cutLines(block: Buffer): string[] {
  return block.toString('utf8', 0, block.length - 1).split('\n');
}

/**
 * The lines of a block, each a JSON object, with a comma behind each instead of the newline, in place. ClickHouse
 * escapes as JSON.stringify does, but for upper case in the numbers of control characters, and U+2028 and U+2029, which
 * it escapes.
 */
export function jsonItems(block: Buffer): Buffer {
  for (let at = block.indexOf(newline); at !== -1; at = block.indexOf(newline, at + 1)) block[at] = comma;
  if (!block.includes('\\u')) return block;
  return Buffer.from(`${JSON.stringify(JSON.parse(`[${block.subarray(0, -1)}]`)).slice(1, -1)},`);
}
