/**
 * GET version and admin/version: the versions of the API we speak, those of Prefect 3.8.8.
 */
import { json } from '../http-answer.ts';
import type { Route } from '../route.ts';

export const versionRoute: Route = { method: 'GET', path: '/version', answer: () => json(200, '"0.8.4"') };
export const adminVersionRoute: Route = { method: 'GET', path: '/admin/version', answer: () => json(200, '"3.8.8"') };
