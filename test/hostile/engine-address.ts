/** Where an engine listens, as its own configuration says: only Sluice's user may read that. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function addressOf(dataDir: string): { readonly port: number; readonly path: string } {
  const config = readFileSync(join(dataDir, 'clickhouse', 'config.xml'), 'utf8');
  const [, port = ''] = /<http_port>(\d+)</.exec(config) ?? [];
  const [, path = ''] = /<url>([^<]+)</.exec(config) ?? [];
  return { port: Number(port), path };
}
