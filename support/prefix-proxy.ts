/**
 * A proxy that puts a path before that of each request: it makes of the embedded engine a ClickHouse as CLICKHOUSE_URL
 * names one.
 */

import { createServer, request } from 'node:http';
import { listenHere } from './free-port.ts';

export interface PrefixProxy {
  readonly port: number;
  /** While it is, nobody gets through, and what was under way has no answer. */
  isAway: boolean;
  close(): void;
}

export async function startPrefixProxy(url: string, pathname: string): Promise<PrefixProxy> {
  let isAway = false;
  const server = createServer((asked, answer) => {
    if (isAway) {
      asked.destroy();
      return;
    }
    const path = `${pathname}${asked.url?.replace(/^\//, '') ?? ''}`;
    const passed = request(`${url}${path}`, { method: asked.method, headers: asked.headers }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
    });
    passed.once('error', () => answer.destroy());
    asked.once('close', () => {
      if (!asked.complete) passed.destroy();
    });
    asked.pipe(passed);
  });
  const port = await listenHere(server);
  return {
    port,
    get isAway() {
      return isAway;
    },
    set isAway(is) {
      isAway = is;
      if (is) server.closeAllConnections();
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
