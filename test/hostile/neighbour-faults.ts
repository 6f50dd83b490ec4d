/** What the neighbour's report says against the server, in sentences. */
import type { NeighbourReport } from './neighbour.ts';

/** Of the event loop's CPU, in one wait of the probe. */
const heldMsMax = 2_000;

/** `mayMeet`: names of failures that concern everybody, which it may be told of. */
export function neighbourFaults(report: NeighbourReport, mayMeet: readonly string[]): string[] {
  const { sent, acknowledged, lost, unheard, repeated, troubles, heldMs, longestMs, probes } = report;
  const told = troubles.filter(({ failure, isOfPause }) => !isOfPause && !mayMeet.includes(failure));
  return [
    ...told.map(({ failure, sentence }) => `The neighbour was told: ${failure}, ${sentence}`),
    ...(acknowledged === 0 ? [`Of the neighbour's ${sent} events none was acknowledged`] : []),
    ...(lost > 0 ? [`${lost} of the neighbour's ${acknowledged} acknowledged events are not stored once`] : []),
    ...(unheard > 0 ? [`${unheard} of the neighbour's ${acknowledged} events did not come live`] : []),
    ...(repeated > 0 ? [`${repeated} of the neighbour's events came twice`] : []),
    ...(probes === 0 ? ['/api/health never answered'] : []),
    ...(heldMs > heldMsMax
      ? [`The event loop was held for ${heldMs} ms of CPU while /api/health waited ${longestMs} ms`]
      : []),
  ];
}
