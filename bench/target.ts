/**
 * A server under measurement, and what a case asks of it from outside.
 */
import { randomBytes, randomUUID } from 'node:crypto';

export interface BenchTarget {
  readonly name: string;
  /** `http://host:port`. */
  readonly url: string;
  readonly authString?: string;
  /** Of the server process, where it is known. */
  readonly pid?: number;
  /** Of its embedded engine's process. */
  readonly enginePid?: number | null;
  /** True for the real Prefect: the same cases, at rates that it can take. */
  readonly isPeer: boolean;
}

/** The part of a load's options that names its events: no two loads share them. */
export function freshNames(): { readonly prefix: string; readonly idPrefix: string } {
  return {
    prefix: `bench-${Date.now().toString(36)}${randomBytes(3).toString('hex')}`,
    idPrefix: randomUUID().slice(0, 24),
  };
}

/** The options with which every load maker begins. */
export function loadOptions(target: BenchTarget): { readonly url: string; readonly authString?: string } {
  return { url: target.url, ...(target.authString === undefined ? {} : { authString: target.authString }) };
}

export async function ask(target: BenchTarget, path: string, body: unknown): Promise<unknown> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (target.authString !== undefined) {
    headers.authorization = `Basic ${Buffer.from(target.authString).toString('base64')}`;
  }
  const answer = await fetch(`${target.url}/api/events/${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
  return answer.json();
}

/** How many events of a load can be queried. */
export async function queryable(target: BenchTarget, prefix: string): Promise<number> {
  const page = (await ask(target, 'filter', { filter: { event: { prefix: [`${prefix}.`] } }, limit: 0 })) as {
    total: number;
  }; // the API's answer
  return page.total;
}

export interface Settled {
  readonly queryable: number;
  /** From `since` until the last of them could be queried. */
  readonly seconds: number;
}

/** Polls until all can be queried, or until no more have come for `quietMs`. `sinceMs` is of `performance.now()`. */
export async function untilQueryable(
  target: BenchTarget,
  prefix: string,
  events: number,
  sinceMs: number,
  quietMs = 10_000,
): Promise<Settled> {
  let found = -1;
  let changedMs = performance.now();
  for (;;) {
    const now = await queryable(target, prefix);
    if (now !== found) {
      found = now;
      changedMs = performance.now();
    }
    if (found >= events || performance.now() - changedMs > quietMs) {
      return { queryable: found, seconds: round((changedMs - sinceMs) / 1000) };
    }
    await pause(50);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function round(value: number, digits = 2): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
