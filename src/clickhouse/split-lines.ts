/**
 * Cuts a TSVRaw answer into lines, at bytes: a UTF-8 sequence is never cut. ClickHouse reports an error in mid-answer within
 * the answer, as a line of a lone carriage return and `__exception__`; that is recognised, so a cut answer never looks whole.
 */
import { parseError } from '@clickhouse/client';

const newline = 0x0a;

/** Yields batches of complete lines. Throws ClickHouse's error, or the stream's. */
export async function* splitLines(chunks: AsyncIterable<Buffer>, mayReport: boolean): AsyncGenerator<string[]> {
  let pending: Buffer[] = [];
  let report: string[] | null = null;
  try {
    for await (const chunk of chunks) {
      const end = chunk.lastIndexOf(newline);
      if (end === -1) {
        if (chunk.length > 0) pending.push(chunk);
        continue;
      }
      const head = chunk.subarray(0, end);
      const lines = (pending.length === 0 ? head : Buffer.concat([...pending, head])).toString('utf8').split('\n');
      pending = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : [];
      if (report !== null) {
        report.push(...lines);
        continue;
      }
      const reportAt = mayReport ? lines.indexOf('\r') : -1;
      if (reportAt !== -1) report = lines.splice(reportAt);
      if (lines.length > 0) yield lines;
    }
  } catch (error) {
    // ClickHouse also breaks the connection off after its report.
    if (report === null) throw error;
  }
  if (report !== null) throw parseError(report.slice(3).join('\n'));
  if (pending.length > 0) throw new Error('The answer ended within a line.');
}
