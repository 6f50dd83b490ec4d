/**
 * The contract suite through a recorder, then its requests again in pieces: one server, one suite, so that what is cut
 * is what clients send.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOlderLibrary } from '../../support/older-library.ts';
import type { Target } from '../../support/target.ts';
import { contractSuite } from '../contract/contract.ts';
import { type EdgeOptions, type EdgeReport, tryPieces } from './edge-suite.ts';
import { requestsOf } from './recorded-requests.ts';
import { type Recorder, startRecorder } from './recorder.ts';

/** `note` gets what was tried. `target`'s address is known once the hooks before the tests have run. */
export function recordedContract(target: Target, options: EdgeOptions, note: (report: EdgeReport) => void): void {
  let recorder: Recorder;
  beforeAll(async () => {
    const { hostname, port } = new URL(target.baseUrl());
    recorder = await startRecorder(hostname, Number(port));
  });
  afterAll(() => recorder.close());

  contractSuite({ ...target, baseUrl: () => `http://127.0.0.1:${recorder.port}` });

  describe('the pieces in which requests come', () => {
    it.skipIf(isOlderLibrary)(
      'do not change an answer; glued requests run once, and in their order',
      { timeout: 30 * 60_000 },
      async () => {
        const report = await tryPieces(target, requestsOf(recorder.sent()), options);
        note(report);
        expect(report.wrong).toEqual([]);
        expect(report.requests).toBeGreaterThan(300);
      },
    );
  });
}

export function sentenceOf({ requests, shapes, cuts, singles, pairs, frameCuts, ...rest }: EdgeReport): string {
  return (
    `${requests} requests of ${shapes} shapes: ${cuts} cuts, ${singles} in single bytes, ${frameCuts} cuts ` +
    `in frames, ` +
    `${pairs} glued pairs (${rest.bothAnswered} answered twice): ${rest.wrong.length} wrong answers`
  );
}
