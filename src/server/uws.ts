/**
 * Loads uWebSockets.js: a native binary that exists for some pairs of Node and glibc only, so its absence is a refused start
 * with a sentence, not a stack trace.
 */
import { StartRefused } from '../errors.ts';

export type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket,
  us_socket_context_t,
  WebSocket,
  WebSocketBehavior,
} from 'uWebSockets.js';
export type Uws = typeof import('uWebSockets.js');

export async function loadUws(
  load: () => Promise<{ default: unknown }> = () => import('uWebSockets.js'),
): Promise<Uws> {
  try {
    const { default: uws } = await load();
    return uws as Uws; // a CommonJS module: its `default` is the whole of it
  } catch (cause) {
    throw new StartRefused(unsupportedSentence(), { cause });
  }
}

function unsupportedSentence(): string {
  const { platform, arch, version } = process;
  const glibc = glibcVersion();
  return (
    `uWebSockets.js has no binary that runs here (Node ${version} on ${platform} ${arch}${glibc ? `, glibc ${glibc}` : ''}). ` +
    'On Linux it needs Node 20 or 21 with glibc 2.27 or newer, or Node 22, 24 or 25 with glibc 2.38 or newer ' +
    '(Debian 13, Ubuntu 24.04); Alpine and other systems without glibc are not supported. ' +
    'If node_modules is incomplete, run `npm ci` again.'
  );
}

function glibcVersion(): string | null {
  const report: unknown = process.report?.getReport();
  const header: unknown = typeof report === 'object' && report !== null && 'header' in report ? report.header : null;
  if (typeof header !== 'object' || header === null || !('glibcVersionRuntime' in header)) return null;
  return String(header.glibcVersionRuntime);
}
