/**
 * The events API as it looks from outside, as one suite over a base URL: docs/prefect-facts.md, section by section.
 * Laws tagged `ours` are those in which Sluice is meant to differ from the real Prefect.
 */
import { describe } from 'vitest';
import type { Target } from '../../support/target.ts';
import { authSection } from './auth.ts';
import { countsSection } from './counts.ts';
import { eventsSection } from './events.ts';
import { filterSection } from './filter.ts';
import { fixturesSection, unstorableTimesSection } from './fixtures.ts';
import { handshakeSection } from './handshake.ts';
import { httpSection } from './http.ts';
import { pagesSection } from './pages.ts';
import { socketsInSection } from './sockets-in.ts';
import { socketsOutSection } from './sockets-out.ts';
import { socketsOutLiveSection } from './sockets-out-live.ts';

/** Everything but the auth string. With an auth string in the target, all of it is asked with credentials. */
export function contractSuite(target: Target): void {
  describe('the events API', () => {
    httpSection(target);
    eventsSection(target);
    fixturesSection(target);
    filterSection(target);
    pagesSection(target);
    countsSection(target);
    handshakeSection(target);
    socketsInSection(target);
    socketsOutSection(target);
    socketsOutLiveSection(target);
    unstorableTimesSection(target);
  });
}

/** The auth string, and the handshake with one: the target's server has that one set. */
export function authSuite(target: Target & { readonly authString: string }): void {
  describe('the events API behind an auth string', () => {
    authSection(target);
    handshakeSection(target);
    socketsInSection(target);
  });
}
