/** The live view under load: events at a rate, and how long the page's frames take meanwhile. */
import { connect } from '../../client/src/node.ts';
import type { Browser, Page } from '../../support/peers/chromium.ts';
import { openConsole } from '../../support/peers/console-page.ts';
import { coresTaken, sharesSince } from './cores-taken.ts';

export interface Load {
  readonly perSecond: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly emitted: number;
  /** Per second, of what was emitted. */
  readonly rate: number;
  /** Milliseconds between frames. */
  readonly median: number;
  readonly p95: number;
  readonly longest: number;
  readonly framesPerSecond: number;
  /** Bytes of the page's heap after a collection: a quarter into the load, and at its end. */
  readonly heapEarly: number;
  readonly heapLate: number;
  /** Milliseconds after the last event was acknowledged, until the page shows it. */
  readonly behindMs: number;
  /** Who took how much of a core. */
  readonly cores: string;
  readonly complaints: readonly string[];
}

const beatMs = 10;

/** Flags of Chromium with which pages can collect garbage (`gc`) and tell their memory. */
export const loadFlags = ['--enable-precise-memory-info', '--js-flags=--expose-gc'];

/** `browser` must have been launched with `loadFlags`. */
export async function loadPage(browser: Browser, url: string, load: Load): Promise<LoadResult> {
  const resource = `load.${Date.now()}`;
  const { page, complaints } = await openConsole(browser, url, `/console/live?q=resource:${resource}`);
  await page.getByText('Live from here').waitFor();
  await page.evaluate(countFrames);
  const early = { ...load, seconds: load.seconds / 4 };
  await emit(url, resource, early, 0);
  const heapEarly = await heapOf(page);
  const takenBefore = coresTaken();
  const began = performance.now();
  const first = early.perSecond * early.seconds;
  const emitted = await emit(url, resource, { ...load, seconds: load.seconds - early.seconds }, first);
  const rate = ((emitted - first) / (performance.now() - began)) * 1000;
  const acknowledged = performance.now();
  const cores = sharesSince(takenBefore, acknowledged - began);
  await page
    .getByText(`nr-${emitted - 1}.`)
    .first()
    .waitFor({ timeout: 60_000 });
  const behindMs = performance.now() - acknowledged;
  const frames = (await page.evaluate('window.framesSoFar()')) as Frames; // as countFrames makes it
  const heapLate = await heapOf(page);
  await page.close();
  return {
    ...{ emitted, rate, median: quantile(frames, 0.5), p95: quantile(frames, 0.95), longest: frames.longestMs },
    framesPerSecond: (frames.count / frames.sinceMs) * 1000,
    ...{ heapEarly, heapLate, behindMs, cores, complaints },
  };
}

interface Frames {
  /** By how long a frame took, in tenths of a millisecond; the last has all that took longer. */
  readonly tenths: readonly number[];
  readonly count: number;
  readonly longestMs: number;
  readonly sinceMs: number;
}

/** It takes no more memory the longer it counts. */
const countFrames = `(() => {
  const tenths = new Uint32Array(20_001);
  const began = performance.now();
  let [last, count, longestMs] = [began, 0, 0];
  const next = (now) => {
    const tookMs = Math.max(0, now - last);
    tenths[Math.min(tenths.length - 1, Math.round(tookMs * 10))] += 1;
    longestMs = Math.max(longestMs, tookMs);
    count += 1;
    last = now;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
  window.framesSoFar = () => ({ tenths: [...tenths], count, longestMs, sinceMs: performance.now() - began });
})()`;

/** Milliseconds, to a tenth. */
function quantile({ tenths, count }: Frames, part: number): number {
  let left = count * part;
  const at = tenths.findIndex((frames) => {
    left -= frames;
    return left < 0;
  });
  return at / 10;
}

/** Gives the number behind the last event. */
async function emit(url: string, resource: string, { perSecond, seconds }: Load, first: number): Promise<number> {
  const publisher = connect({ url }).publisher();
  const began = performance.now();
  const end = first + Math.round(perSecond * seconds);
  for (let nr = first; nr < end; ) {
    const due = Math.min(end, first + Math.floor(((performance.now() - began) / 1000) * perSecond));
    for (; nr < due; nr += 1) {
      const event = { event: `nr-${nr}.`, resource: { 'prefect.resource.id': resource, region: 'eu' } };
      while (!publisher.enqueue({ ...event, payload: { nr, text: 'x'.repeat(200) } })) await publisher.room();
    }
    await new Promise((resolve) => setTimeout(resolve, beatMs));
  }
  await publisher.close();
  return end;
}

async function heapOf(page: Page): Promise<number> {
  return Number(await page.evaluate('window.gc(), performance.memory.usedJSHeapSize'));
}
