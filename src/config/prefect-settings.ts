/**
 * Settings of a Prefect server that events are forwarded to: a part of the table in `settings.ts`.
 */
import { type SettingRow, whole } from './setting-row.ts';

/** The newest release whose client was tried (docs/prefect-facts.md, "Clients"). */
const newestTested = '3.9.1';

export const prefectSettings = {
  prefectUrl: {
    env: 'SLUICE_PREFECT_URL',
    kind: 'url',
    fallback: null,
    help:
      'address of a Prefect server, as `http://127.0.0.1:4200`: events that did not come from it are forwarded there ' +
      '(docs/prefect.md, level 2)',
  },
  prefectAuthString: {
    env: 'SLUICE_PREFECT_AUTH_STRING',
    kind: 'secret',
    fallback: null,
    help: "that server's auth string",
  },
  prefectEventsPerS: whole(
    'SLUICE_PREFECT_EVENTS_PER_S',
    300,
    'events a second that are forwarded to Prefect at most',
    1,
    100_000,
  ),
  prefectFilter: {
    env: 'SLUICE_PREFECT_FILTER',
    kind: 'optional',
    fallback: null,
    help:
      'filter as JSON, as `{"event":{"prefix":["order."]}}`: what fits is forwarded to Prefect, and what is named ' +
      '`prefect.…`; by default all',
  },
  prefectVersion: {
    env: 'SLUICE_PREFECT_VERSION',
    kind: 'release',
    fallback: newestTested,
    help:
      'release of Prefect that `/api/admin/version` says: clients warn of a server that is older than they are; by ' +
      'default the newest whose client was tried',
  },
} as const satisfies Record<string, SettingRow>;
