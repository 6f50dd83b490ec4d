/**
 * Subscribers that read the log: `token` asks for a position before the events come, `read` resumes from it, with as
 * many subscribers as wanted, and reads until each is told that it has caught up.
 */
import { type ControlFrame, filterMessage } from '../../schemas/wire.ts';
import type { FilterKind } from './filters.ts';
import { countOf, filterOf, shareOf } from './filters.ts';
import { LightSubscriber } from './light-subscriber.ts';
import { runLoad } from './load-maker.ts';

export interface CatchUpOptions {
  readonly url: string;
  readonly authString?: string;
  readonly prefix: string;
  readonly idPrefix: string;
  readonly filter: FilterKind;
  readonly subscribers: number;
  /** Null: only asks for a token. */
  readonly resume: { readonly token: string; readonly position: number } | null;
  /** Numbers of the events behind the position. */
  readonly from: number;
  readonly to: number;
}

export interface CatchUpReport {
  readonly token: string;
  readonly position: number;
  readonly deliveries: number;
  readonly missing: number;
  readonly wrong: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

runLoad(async (options: CatchUpOptions, ready): Promise<CatchUpReport> => {
  const { resume, filter, prefix, from, to } = options;
  const share = shareOf(filter, 0, 1);
  const skipped = countOf(share, from);
  const fields = { positions: true, backfill: false, ...(resume && { resume }) };
  const asked = filterMessage(filterOf(filter, prefix, 0, 1), fields);
  const told = { token: '', position: -1 };
  const caughtUp: Promise<void>[] = [];
  const join = (): LightSubscriber => {
    let resolve = (): void => undefined;
    caughtUp.push(new Promise<void>((done) => (resolve = done)));
    const onControl = (frame: ControlFrame): void => {
      if (frame.type === 'token') told.token = frame.token;
      if (frame.type !== 'caught_up') return;
      told.position = frame.position;
      resolve();
    };
    const one = new LightSubscriber({ ...options, filterMessage: asked, share, skipped, latency: null, onControl });
    one.ready.catch(resolve);
    return one;
  };
  ready();
  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  const subscribers = Array.from({ length: options.subscribers }, join);
  await Promise.all(subscribers.map((one) => one.ready));
  await Promise.all(caughtUp);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const sum = (of: (one: LightSubscriber) => number): number => subscribers.reduce((total, one) => total + of(one), 0);
  const wanted = (countOf(share, to) - skipped) * subscribers.length;
  const deliveries = sum(({ got }) => got);
  return {
    ...told,
    deliveries,
    missing: wanted - deliveries,
    wrong: sum((one) => one.wrong),
    seconds,
    cpuSeconds: (user + system) / 1e6,
  };
});
