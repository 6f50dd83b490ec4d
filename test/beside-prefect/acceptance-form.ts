/** Which form of the acceptance runs: the short one of `npm test`, or one that `npm run accept:prefect` asks for. */
import { testedVersion } from '../../support/peers/prefect.ts';
import { type FrontKind, fronts } from './start-front.ts';

export interface AcceptanceForm {
  /** Of Prefect. */
  readonly version: string;
  /** More for its venv. */
  readonly packages: readonly string[];
  /** How long Sluice stays away at least; a restart of Prefect takes its time within. */
  readonly outageMs: number;
  /** With a served deployment: waiting for a run, and cancelling one. */
  readonly isLong: boolean;
  /** Over prefect_redis and a Redis of its own. */
  readonly hasRedis: boolean;
  readonly frontKind: FrontKind;
  /** The runner of 3.2.15 cannot cancel a served flow, with Prefect alone either: it takes a process for a number. */
  readonly canCancel: boolean;
  /** Clients of that version send no credentials on `/out`, so live events stay with Prefect. */
  readonly isOutAtPrefect: boolean;
}

export function formOf(env: NodeJS.ProcessEnv): AcceptanceForm {
  const hasRedis = env['ACCEPT_REDIS'] === '1';
  const version = env['ACCEPT_PREFECT'] ?? testedVersion;
  return {
    version,
    packages: hasRedis ? ['prefect-redis==0.3.0'] : [],
    outageMs: Number(env['ACCEPT_OUTAGE_MS'] ?? 0),
    isLong: env['ACCEPT_LONG'] === '1',
    hasRedis,
    frontKind: fronts.find((kind) => kind === env['ACCEPT_FRONT']) ?? 'nginx',
    canCancel: version !== '3.2.15',
    isOutAtPrefect: /^3\.([0-2]\.|3\.[0-4]$)/.test(version),
  };
}
