/**
 * A proxy that puts a path before that of each request: it makes of the embedded engine a ClickHouse as CLICKHOUSE_URL
 * names one.
 */
import { createServer, request } from 'node:http';

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
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
