/** A question to ClickHouse that a schema's change asks, and its rows. */
import type { ClickHouseClient } from '@clickhouse/client';

export async function select<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  const result = await client.query({ query, format: 'JSONEachRow' });
  return await result.json<Row>();
}
