/**
 * The events API as it looks from outside, as one suite over a base URL: PROTOCOL-FACTS §1–§9, section by section. Laws tagged
 * `ours` are those in which Sluice is meant to differ from the real Prefect.
 */
import { describe } from 'vitest';
import type { Target } from '../support/target.ts';
import { eventsSection } from './events.ts';
import { fixturesSection } from './fixtures.ts';
import { httpSection } from './http.ts';

/** Everything but §6. With an auth string in the target, all of it is asked with credentials. */
export function contractSuite(target: Target): void {
  describe('the events API', () => {
    httpSection(target);
    eventsSection(target);
    fixturesSection(target);
  });
}

/** §6, and §7 as it is with an auth string: the target's server has that one set. */
export function authSuite(target: Target & { readonly authString: string }): void {
  describe('the events API behind an auth string', () => {
    void target;
  });
}
