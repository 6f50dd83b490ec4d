/**
 * GET metrics: the counters and gauges in Prometheus's text format.
 */

import { metricsType } from '../../base/prometheus.ts';
import { getMetrics } from '../../description/operations/server.ts';
import { json } from '../http-answer.ts';
import type { Route } from '../route.ts';

export const metricsRoute: Route = {
  method: 'GET',
  path: '/metrics',
  needs: 'admin',
  operation: getMetrics,
  answer: (_, parts) => json(200, parts.metrics(), { 'content-type': metricsType }),
};
