/**
 * Every HTTP route, with and without `/api` in front (PROTOCOL-FACTS §1–5).
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

const countByPath = /^\/events\/count-by\/([^/]+)$/;

export interface FoundRoute {
  readonly route: Route;
  readonly parameter: string;
}

export function findRoute(path: string): FoundRoute | null {
  const bare = decode(path.startsWith('/api/') ? path.slice('/api'.length) : path);
  const route = routes.get(bare);
  if (route) return { route, parameter: '' };
  const parameter = countByPath.exec(bare)?.[1];
  return parameter === undefined ? null : { route: countEventsRoute, parameter };
}

function decode(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
