/**
 * Every route, HTTP and WebSocket, one entry each. All are served with and without `/api` in front.
 */
import { findIn } from './find-route.ts';
import type { Route, SocketRoute } from './route.ts';
import { closeConnectionRoute } from './routes/close-connection.ts';
import { countEventsRoute } from './routes/count-events.ts';
import { descriptionRoutes } from './routes/describe.ts';
import { producerRoute } from './routes/events-in.ts';
import { subscriberRoute } from './routes/events-out.ts';
import { exportEventsRoute } from './routes/export-events.ts';
import { filterEventsRoute } from './routes/filter-events.ts';
import { healthRoute, readyRoute } from './routes/health.ts';
import { listConnectionsRoute } from './routes/list-connections.ts';
import { listDeadLetterRoute } from './routes/list-dead-letter.ts';
import { metricsRoute } from './routes/metrics.ts';
import { nextPageRoute } from './routes/next-page.ts';
import { postEventsRoute } from './routes/post-events.ts';
import { beginReplayRoute, getReplayRoute } from './routes/replay-dead-letter.ts';
import { statusRoute } from './routes/status.ts';
import { streamCountsRoute } from './routes/stream-counts.ts';
import { streamEventsRoute } from './routes/stream-events.ts';
import { adminVersionRoute, versionRoute } from './routes/version.ts';

const table: readonly (Route | SocketRoute)[] = [
  healthRoute,
  readyRoute,
  metricsRoute,
  statusRoute,
  listDeadLetterRoute,
  beginReplayRoute,
  getReplayRoute,
  listConnectionsRoute,
  closeConnectionRoute,
  versionRoute,
  adminVersionRoute,
  postEventsRoute,
  filterEventsRoute,
  nextPageRoute,
  countEventsRoute,
  streamCountsRoute,
  exportEventsRoute,
  streamEventsRoute,
  producerRoute,
  subscriberRoute,
  ...descriptionRoutes({ routes: () => routes, sockets: () => socketRoutes }),
];

export const socketRoutes: readonly SocketRoute[] = table.filter((route) => route.method === 'WS');

export const routes: readonly Route[] = table.filter((route) => route.method !== 'WS');

export const findRoute = findIn(routes);

const linkingPaths = new Set(routes.flatMap(({ links, path }) => (links === true ? [path, `/api${path}`] : [])));

/** A path with a slash behind it is sent on by a link, too. Requests that bring events pay for no link. */
export function mayLink(path: string): boolean {
  return path.endsWith('/') || linkingPaths.has(path);
}
