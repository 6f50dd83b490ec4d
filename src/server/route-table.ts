/**
 * Every HTTP route, with and without `/api` in front.
 */
import type { Route } from './route.ts';
import { countEventsRoute } from './routes/count-events.ts';
import { exportEventsRoute } from './routes/export-events.ts';
import { filterEventsRoute } from './routes/filter-events.ts';
import { healthRoute, readyRoute } from './routes/health.ts';
import { metricsRoute } from './routes/metrics.ts';
import { nextPageRoute } from './routes/next-page.ts';
import { postEventsRoute } from './routes/post-events.ts';
import { streamEventsRoute } from './routes/stream-events.ts';
import { adminVersionRoute, versionRoute } from './routes/version.ts';

const routes = new Map<string, Route>([
  ['/health', healthRoute],
  ['/ready', readyRoute],
  ['/metrics', metricsRoute],
  ['/version', versionRoute],
  ['/admin/version', adminVersionRoute],
  ['/events', postEventsRoute],
  ['/events/filter', filterEventsRoute],
  ['/events/filter/next', nextPageRoute],
  ['/events/export', exportEventsRoute],
  ['/events/out', streamEventsRoute],
]);

const countByPath = '/events/count-by/';

export interface FoundRoute {
  readonly route: Route;
  readonly parameter: string;
}

/** The last part of a path may hold an encoded slash, which is one of its own characters: a label to count by. */
export function findRoute(path: string): FoundRoute | null {
  const bare = path.startsWith('/api/') ? path.slice('/api'.length) : path;
  const end = bare.lastIndexOf('/') + 1;
  const route = routes.get(decode(bare));
  if (route) return { route, parameter: '' };
  const parameter = decode(bare.slice(end));
  return parameter === '' || decode(bare.slice(0, end)) !== countByPath ? null : { route: countEventsRoute, parameter };
}

function decode(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
