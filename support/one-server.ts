/**
 * What a fake store says of how its tables lie: on one server, where a read sees all that there is.
 */
import type { FoundLayout } from '../src/clickhouse/layout.ts';

export const oneServer: FoundLayout = {
  clickhouseCluster: null,
  clickhouseDdl: 'keeper',
  database: 'events',
  isReplicated: false,
};

export const onOneServer = { layout: oneServer, command: () => Promise.resolve() } as const;
