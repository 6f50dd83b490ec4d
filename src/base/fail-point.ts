/**
 * Named instants at which a test may have this process killed, to prove I1 between any two statements. Off unless the
 * process was started with SLUICE_FAIL_POINT, and then `failPoint` costs one comparison.
 */
export const failPoints = [
  /** A group is in the journal; nobody knows of it. */
  'journal-written',
  /** A new journal file exists, without its header. */
  'segment-created',
  'segment-rolled',
  /** A group is durable, not yet handed to live delivery. */
  'group-durable',
  /** Handed to live delivery; its producers are not answered yet. */
  'group-live',
  /** What a ping asks for is durable; the pong is not sent yet. */
  'pong-due',
  'insert-announced',
  /** The rows of an insert are written to the socket; ClickHouse has not answered. */
  'insert-sent',
  /** ClickHouse said 200; the checkpoint is not written. */
  'insert-taken',
  'checkpoint-written',
  /** Half of a refused batch is the range under way. */
  'half-announced',
  'dead-letter-written',
  /** A whole journal file that ClickHouse has is gone; younger ones that may go, too, are not. */
  'segment-removed',
  /** Parked events are in the journal; nobody is answered. */
  'parked-written',
  /** ClickHouse has said which parked events it has; nothing is noted of that. */
  'parked-looked-up',
  /** What became of parked events is durable; they still wait in memory. */
  'parked-settled',
  /** Ids are in their file; the checkpoint that waits for them is not written. */
  'ids-written',
  /** A new id file has its first record; nothing was written behind it. */
  'ids-rolled',
] as const;

/** Those of the forwarder, which only runs beside a Prefect server. */
export const forwarderFailPoints = [
  /** It is written down that a batch may have been sent to Prefect; it was not. */
  'forward-announced',
  /** Prefect has taken a batch; nothing of that is written down. */
  'forward-sent',
  /** Prefect has said which events in doubt it has; none is sent again yet. */
  'forward-asked',
] as const;

/** Those of a replay of the dead letter, which somebody must ask for. */
export const replayFailPoints = [
  /** ClickHouse has taken an event of the dead letter; the books have it as dead-lettered. */
  'replay-taken',
  /** The books have it as stored; it still stands in the dead letter. */
  'replay-booked',
] as const;

const allFailPoints = [...failPoints, ...forwarderFailPoints, ...replayFailPoints] as const;
export type FailPointName = (typeof allFailPoints)[number];

/** Which point kills, and at which hit, counted from 1. */
export interface FailPointOrder {
  readonly name: FailPointName;
  readonly hits: number;
}

let armed: FailPointName | null = null;
let hitsLeft = 0;

/** Once, at the start. */
export function armFailPoint(order: FailPointOrder | null): void {
  armed = order?.name ?? null;
  hitsLeft = order?.hits ?? 0;
}

/** Ends the process as kill -9 would, if this is the hit it was started for. */
export function failPoint(name: FailPointName): void {
  if (armed !== name) return;
  hitsLeft -= 1;
  if (hitsLeft === 0) process.kill(process.pid, 'SIGKILL');
}

/** `name:hits`; null for anything else. */
export function parseFailPoint(text: string): FailPointOrder | null {
  const [, word, hits] = /^([a-z-]+):([1-9]\d{0,8})$/.exec(text) ?? [];
  const name = allFailPoints.find((each) => each === word);
  return name === undefined ? null : { name, hits: Number(hits) };
}
