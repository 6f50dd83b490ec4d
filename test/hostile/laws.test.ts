/** The laws of the hostile runs can fail: each fault of a server is a sentence. */
import { expect, it } from 'vitest';
import type { NeighbourReport } from './neighbour.ts';
import { neighbourFaults } from './neighbour-faults.ts';
import { Tally } from './tally.ts';

const good: NeighbourReport = {
  ...{ sent: 10, acknowledged: 10, lost: 0, unheard: 0, repeated: 0, troubles: [] },
  ...{ probes: 5, longestMs: 9_000, heldMs: 100 },
};

it('of a neighbour that lost nothing nothing is said', () => {
  expect(neighbourFaults(good, [])).toEqual([]);
  const outage = { failure: 'storeUnavailable', sentence: 'away', isOfPause: false };
  expect(neighbourFaults({ ...good, troubles: [outage] }, ['storeUnavailable'])).toEqual([]);
  const pause = { failure: 'timedOut', sentence: 'no pong', isOfPause: true };
  expect(neighbourFaults({ ...good, troubles: [pause] }, [])).toEqual([]);
});

it.each<[string, Partial<NeighbourReport>]>([
  ['lost', { lost: 1 }],
  ['unheard', { unheard: 1 }],
  ['repeated', { repeated: 1 }],
  ['told', { troubles: [{ failure: 'network', sentence: 'broke', isOfPause: false }] }],
  ['nothing acknowledged', { acknowledged: 0 }],
  ['health silent', { probes: 0 }],
  ['loop held', { heldMs: 2_500 }],
])('of one that was harmed it is said: %s', (_, harm) => {
  expect(neighbourFaults({ ...good, ...harm }, [])).toHaveLength(1);
});

it('a refusal counts by its name, and one without a name, or of a fault of ours, is a broken law', () => {
  const faults: string[] = [];
  const tally = new Tally((sentence) => faults.push(sentence));
  expect(tally.answered(200, '')).toBe(true);
  tally.answered(503, '{"exception_message":"All 8 queries that may run at once are busy."}');
  tally.answered(422, '{"exception_message":"Invalid request received.","exception_detail":[{"type":"missing"}]}');
  tally.answered(503, '', '5');
  tally.closed(1013, 'No room', 'tooManyFilterBytes');
  tally.closed(1008, 'No filter within 30000 ms', null);
  tally.closed(1006, '', null);
  expect(Object.fromEntries(tally.counts)).toEqual({
    '503 All N queries that may run at once are busy.': 1,
    '422 missing': 1,
    '503 tooManySockets': 1,
    tooManyFilterBytes: 1,
    'close 1008 No filter within N ms': 1,
    'broken off (1006)': 1,
  });
  expect(faults).toEqual([]);
  tally.answered(500, '{"exception_message":"Internal Server Error"}');
  tally.answered(503, '');
  tally.closed(1011, 'The feed failed.', 'internal');
  tally.closed(1008, '', null);
  expect(faults).toHaveLength(4);
});
