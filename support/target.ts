/**
 * What a suite over a base URL runs against, and its one way to state a law: `law` marks what only Sluice must keep.
 */
import { randomBytes } from 'node:crypto';
import { it } from 'vitest';

export interface Target {
  /** `http://host:port`, with a path only where a proxy stands before the server; known once the server runs. */
  readonly baseUrl: () => string;
  readonly authString?: string;
  /** The certificate that is trusted, where `baseUrl` is https. */
  readonly ca?: string;
  /**
   * True for Sluice; false for the real Prefect, where laws tagged `ours` may fail and are then listed as expected
   * differences.
   */
  readonly strict: boolean;
}

/** Sluice on this machine, without credentials. */
export function targetAt(port: number): Target {
  return { baseUrl: () => `http://127.0.0.1:${port}`, strict: true };
}

/** What the real Prefect does otherwise, or what Sluice does better (docs/prefect-facts.md), in words. */
export interface Tag {
  readonly ours: string;
}

/**
 * States a law: a test on every target; a tagged one that fails on the real Prefect is skipped with the difference as
 * its reason.
 */
export function law(target: Target, name: string, body: () => Promise<void>, tag?: Tag): void {
  it(name, async (context) => {
    if (tag === undefined || target.strict) return body();
    const failure = await body().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    if (failure !== null) context.skip(`EXPECTED DIFFERENCE (${tag.ours}): ${failure.split('\n')[0]}`);
  });
}

/**
 * A word that no other run has used, to begin event names and resource ids with: suites run against used servers too.
 */
export function uniqueWord(): string {
  return `t${Date.now().toString(36)}${randomBytes(3).toString('hex')}`;
}

export function basicAuth(authString: string): string {
  return `Basic ${Buffer.from(authString).toString('base64')}`;
}
