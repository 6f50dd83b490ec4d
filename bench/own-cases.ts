/**
 * Cases that start servers of their own, with the settings they need, and the suites that name several cases by one
 * word.
 */
import { besidePrefect } from './cases/beside-prefect.ts';
import { catchUp } from './cases/catch-up.ts';
import { distinctFilters } from './cases/distinct-filters.ts';
import { durability } from './cases/durability.ts';
import { engineCpu } from './cases/engine-cpu.ts';
import { fairness } from './cases/fairness.ts';
import { forcedFilters } from './cases/forced-filters.ts';
import { forwarding } from './cases/forwarding.ts';
import { gateways } from './cases/gateways.ts';
import { heavyCounts } from './cases/heavy-counts.ts';
import { idle } from './cases/idle.ts';
import { lateEvents } from './cases/late-events.ts';
import { latency } from './cases/latency.ts';
import { latencyInTurns } from './cases/latency-in-turns.ts';
import { liveCounts } from './cases/live-counts.ts';
import { loneDeliveries } from './cases/lone-deliveries.ts';
import { moveLines } from './cases/move-lines.ts';
import { nats } from './cases/nats.ts';
import { type ScaleOptions, scale } from './cases/scale.ts';
import { sharded } from './cases/sharded.ts';
import { sideBySide } from './cases/side-by-side.ts';
import { soak } from './cases/soak.ts';
import { spread } from './cases/spread.ts';
import { usualLoads } from './cases/usual-loads.ts';
import { shapes, usualQuestions } from './cases/usual-questions.ts';
import { kernelSend } from './ceilings/kernel-send.ts';
import { filterIndexStage } from './stages/filter-index.ts';
import { liveCountStage } from './stages/live-counts.ts';
import { readFormsStage } from './stages/read-forms.ts';
import { redactionStage } from './stages/redaction.ts';

export interface OwnCaseOptions {
  readonly minutes: number;
  readonly rate: number;
  readonly connections: number;
  readonly pairs: number;
  readonly scale: ScaleOptions;
}

export type OwnCase = (root: string, options: OwnCaseOptions) => Promise<object>;

export const ownCases: Readonly<Record<string, OwnCase>> = {
  spread,
  latency,
  'latency-in-turns': latencyInTurns,
  'lone-deliveries': loneDeliveries,
  'live-counts': (root, { pairs }) => liveCounts(root, { pairs }),
  'live-count-stage': liveCountStage,
  'catch-up': catchUp,
  idle: (root, { connections }) => idle(root, { subscribers: connections }),
  'distinct-filters': distinctFilters,
  'filter-index': filterIndexStage,
  'read-forms': readFormsStage,
  redaction: redactionStage,
  'kernel-send': kernelSend,
  nats,
  'side-by-side': sideBySide,
  scale: (root, options) => scale(root, options.scale),
  'beside-prefect': (root, options) => besidePrefect(root, options.scale),
  'heavy-counts': (root, options) => heavyCounts(root, { events: options.scale.events }),
  'engine-cpu': (root, { minutes, rate }) => engineCpu(root, { minutes, rate }),
  durability,
  fairness,
  'forced-filters': forcedFilters,
  forwarding: (root, { minutes }) => forwarding(root, { minutes }),
  gateways,
  'late-events': lateEvents,
  'usual-loads': usualLoads,
  'usual-questions': (root, options) => usualQuestions(root, { events: options.scale.events }),
  'move-lines': (root, options) => moveLines(root, { events: options.scale.events }),
  sharded: (root, { scale: { events }, rate }) => sharded(root, { events, rate: Math.min(rate, 5_000), seconds: 30 }),
  shapes: (root, options) => shapes(root, { events: options.scale.events }),
  soak: (root, { minutes, rate }) => soak(root, { minutes, rate }),
};

/**
 * What a suite runs, in this order. The long ones, `sustained` for ten minutes and `soak` for thirty, are asked for by
 * name.
 */
export const suites: Readonly<Record<string, readonly string[]>> = {
  speed: [
    'ingest',
    'commit',
    'spread',
    'filter-index',
    'read-forms',
    'distinct-filters',
    'latency',
    'latency-in-turns',
    'lone-deliveries',
    'catch-up',
    'idle',
    'nats',
    'side-by-side',
  ],
};
