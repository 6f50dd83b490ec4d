/**
 * The oldest ClickHouse that serves. The events table needs text indexes with `tokenizer = array`, which are generally
 * available without switches since 26.2; 26.3 is the first long-term release that has them.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { StartRefused } from '../base/errors.ts';

const oldest = { year: 26, release: 3 };

/** The version of the ClickHouse behind the client. Throws StartRefused with a sentence if it is too old. */
export async function checkVersion(client: ClickHouseClient, signal: AbortSignal): Promise<string> {
  const result = await client.query({
    query: 'SELECT version() AS version',
    format: 'JSONEachRow',
    abort_signal: signal,
  });
  const [row] = await result.json<{ version: string }>();
  const version = row?.version ?? '';
  requireVersion(version);
  return version;
}

export function requireVersion(version: string): void {
  const [year = 0, release = 0] = version.split('.').map(Number);
  if (year > oldest.year || (year === oldest.year && release >= oldest.release)) return;
  throw new StartRefused(
    `This ClickHouse is ${version}; Sluice needs ${oldest.year}.${oldest.release} or newer: upgrade it, or ` +
      `leave CLICKHOUSE_URL unset to use the embedded one.`,
  );
}
