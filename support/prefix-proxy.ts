/**
 * A proxy that puts a path before that of each request: it makes of the embedded engine a ClickHouse as CLICKHOUSE_URL
 * names one.
 */

import { createServer, request } from 'node:http';
import { listenHere } from './free-port.ts';

export interface PrefixProxy {
  readonly port: number;
  close(): void;
}

export async function startPrefixProxy(url: string, pathname: string): Promise<PrefixProxy> {
  const server = createServer((asked, answer) => {
    const path = `${pathname}${asked.url?.replace(/^\//, '') ?? ''}`;
    const passed = request(`${url}${path}`, { method: asked.method, headers: asked.headers }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
    });
    passed.once('error', () => answer.destroy());
    asked.pipe(passed);
  });
  const port = await listenHere(server);
  return {
    port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
