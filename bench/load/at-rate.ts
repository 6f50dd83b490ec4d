/**
 * Sends each event when it is due, one by one, whatever became of those before: its time is the one it was due at, so
 * that what a late sender or a late server cost is in the latency (no coordinated omission). It sleeps in
 * `Atomics.wait`, which keeps time to some 60 µs, where timers keep it to a millisecond. Nothing is read meanwhile: who
 * waits for an answer is left to timers while there is time, and sleeps in short steps when there is not.
 */
import { nowMicros } from './event-template.ts';
import { Histogram, type Latency } from './histogram.ts';

export interface Rate {
  readonly seconds: number;
  readonly rate: number;
}

const sleepMsMax = 2;
const sleepMsMaxAwaiting = 0.1;
/** A timer may be late by more than its millisecond. */
const timerMsMin = 3;

/**
 * `send` gets the number of the event, when it was due, and by how much that is over; it says false to end. Gives how
 * late all were. `isAwaiting` says that something is to be read as soon as it comes.
 */
export async function atRate(
  { seconds, rate }: Rate,
  send: (number: number, dueMicros: number, lateMicros: number) => boolean,
  isAwaiting: () => boolean = () => false,
): Promise<Latency | null> {
  const late = new Histogram();
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const startMicros = nowMicros();
  const events = Math.floor(seconds * rate);
  for (let number = 0; number < events; ) {
    const due = startMicros + (number / rate) * 1e6;
    const leftMs = (due - nowMicros()) / 1000;
    if (leftMs > 0) {
      if (isAwaiting() && leftMs > timerMsMin) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        continue;
      }
      Atomics.wait(sleeper, 0, 0, Math.min(leftMs, isAwaiting() ? sleepMsMaxAwaiting : sleepMsMax));
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    const lateBy = Math.max(0, nowMicros() - due);
    if (!send(number, Math.floor(due), lateBy)) break;
    late.add(lateBy);
    number += 1;
  }
  return late.summary();
}
