/**
 * GET version and admin/version: that of the API, which is Prefect 3.8.8's, and the release that clients compare with
 * their own.
 */
import { version } from '../../description/info.ts';
import { versionOf } from '../../description/operations/server.ts';
import { json } from '../http-answer.ts';
import type { Route } from '../route.ts';

const apiVersion = '0.8.4';

export const versionRoute: Route = {
  method: 'GET',
  path: '/version',
  operation: versionOf('getVersion', 'Get the version of the API', apiVersion),
  answer: () => json(200, JSON.stringify(apiVersion)),
};

export const adminVersionRoute: Route = {
  method: 'GET',
  path: '/admin/version',
  operation: versionOf('getAdminVersion', 'Get the release of Prefect that clients may be of', version),
  answer: (_request, { options }) => json(200, JSON.stringify(options.prefectVersion)),
};
