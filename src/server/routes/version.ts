/**
 * GET version and admin/version: the versions of the API we speak, those of Prefect 3.8.8.
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
  operation: versionOf('getAdminVersion', 'Get the release of Prefect that the API is of', version),
  answer: () => json(200, JSON.stringify(version)),
};
