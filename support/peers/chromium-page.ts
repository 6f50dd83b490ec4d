/** A page in Chromium that has the browser build of the client as `client`, from an address of its own. */
import { createServer } from 'node:http';
import { join } from 'node:path';
import { build } from 'esbuild';
import { listenHere } from '../free-port.ts';
import type { Browser, Page } from './chromium.ts';

export interface ClientPage {
  readonly page: Page;
  /** Of the page, as a server's CORS setting names it. */
  readonly origin: string;
  close(): Promise<void>;
}

const html = `<!doctype html><title>client</title><script type="module">
  globalThis.client = await import('/client.js');
</script>`;

export async function openClientPage(browser: Browser, root: string): Promise<ClientPage> {
  const { outputFiles } = await build({
    ...{ entryPoints: [join(root, 'client', 'src', 'browser.ts')], bundle: true, write: false },
    ...{ format: 'esm', platform: 'browser', target: 'es2022', minify: true },
  });
  const script = outputFiles[0]?.contents ?? new Uint8Array();
  const server = createServer(({ url }, response) => {
    const isScript = url === '/client.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : html);
  });
  const origin = `http://127.0.0.1:${await listenHere(server)}`;
  const page = await browser.newPage();
  return {
    page,
    origin,
    async close() {
      await browser.close();
      server.close();
    },
  };
}

/** Opens the page, or opens it anew. */
export async function load({ page, origin }: ClientPage): Promise<void> {
  await page.goto(origin);
  await page.waitForFunction('globalThis.client !== undefined');
}
