/**
 * Subscribers that read the log: `token` asks for a position before the events come, `read` resumes from it, with as many
 * subscribers as wanted, and reads until each is told that it has caught up.
 */
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
  const filterMessage = JSON.stringify({
    type: 'filter',
    filter: filterOf(filter, prefix, 0, 1),
    positions: true,
    backfill: false,
    ...(resume && { resume }),
  });
  const told = { token: '', position: -1 };
  const caughtUp: Promise<void>[] = [];
  const join = (): LightSubscriber => {
    let resolve = (): void => undefined;
    caughtUp.push(new Promise<void>((done) => (resolve = done)));
    const onControl = (frame: string): void => {
      const { type, token, position } = JSON.parse(frame) as { type: string; token?: string; position?: number }; // docs/PROTOCOL.md
      if (type === 'token' && token !== undefined) told.token = token;
      if (type !== 'caught_up') return;
      told.position = position ?? -1;
      resolve();
    };
    const one = new LightSubscriber({ ...options, filterMessage, share, skipped, latency: null, onControl });
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
