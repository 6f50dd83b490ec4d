/**
 * Catching up from the log: one subscriber resumes and reads a million events through a filter of which half match, and
 * a hundred of one filter from one position: what they cost beyond their sends, by the fan-out cost of the same run.
 */
import type { CatchUpReport } from '../load/catch-up.ts';
import { startLoad } from '../load/load-maker.ts';
import type { ProduceReport } from '../load/produce.ts';
import { freshNames, loadOptions, median, round } from '../target.ts';
import { cpuOf, type OwnServer, untilDrained, withServer } from './own-server.ts';
import { measure as measureSpread } from './spread.ts';

const events = 1_000_000;
/** What the hundred read, and one for comparison. */
const lastEvents = 200_000;
const many = 100;
const repeats = 3;
const deadlineMs = 120_000;
const mebibyte = 1024 * 1024;

export function catchUp(root: string): Promise<object> {
  const env = { SLUICE_JOURNAL_KEEP_BYTES: String(6 * 1024 * mebibyte) };
  return withServer(root, env, async (server) => {
    const names = freshNames();
    const read = (subscribers: number, resume: object | null, from: number, to: number) =>
      readLog(server, { ...loadOptions(server), ...names, filter: 'half', subscribers, resume, from, to });
    const { token, position } = await read(1, null, 0, 0);
    await fill(server, names);
    await untilDrained(server);
    const one: Measured[] = [];
    for (let nth = 0; nth < repeats; nth += 1) one.push(await read(1, { token, position }, 0, events));
    const tail = { token, position: position + events - lastEvents };
    const oneTail: Measured[] = [];
    for (let nth = 0; nth < repeats; nth += 1) oneTail.push(await read(1, tail, events - lastEvents, events));
    const hundred = await read(many, tail, events - lastEvents, events);
    const live = await measureSpread(server, {
      name: '',
      filter: 'one',
      subscribers: many,
      drive: { seconds: 4, burst: 20, everyMs: 5 },
    });
    const beyond = ({ cpuSeconds, deliveries }: Measured): number =>
      cpuSeconds - (deliveries * live.microsPerDelivery) / 1e6;
    const cheap = median(oneTail.map(beyond));
    return {
      events,
      one: one.map((run) => ({ ...run, readPerSecond: Math.round(events / run.seconds) })),
      readPerSecond: Math.round(events / median(one.map(({ seconds }) => seconds))),
      microsPerEventRead: round((median(one.map(({ cpuSeconds }) => cpuSeconds)) * 1e6) / events),
      lastEvents,
      oneOfLast: oneTail,
      hundredOfLast: hundred,
      fanOutMicrosPerDelivery: live.microsPerDelivery,
      cpuBeyondSendsOfOne: round(cheap, 3),
      cpuBeyondSendsOfHundred: round(beyond(hundred), 3),
      ratio: round(beyond(hundred) / cheap),
    };
  });
}

interface Measured extends CatchUpReport {
  /** Of the server. */
  readonly cpuSeconds: number;
  readonly loadCpuSeconds: number;
}

async function readLog(server: OwnServer, options: object): Promise<Measured> {
  const { result, cpu } = await cpuOf(
    server.pid,
    () => startLoad<CatchUpReport>('catch-up', options, deadlineMs).finished,
  );
  return { ...result, loadCpuSeconds: result.cpuSeconds, cpuSeconds: cpu };
}

async function fill(server: OwnServer, names: object): Promise<void> {
  const shape = { eventBytes: 1_100, seconds: 100, rate: null, pingEvery: 700, pingsMax: 8, eventsMax: events };
  const { sent } = await startLoad<ProduceReport>('produce', { ...loadOptions(server), ...names, ...shape }, deadlineMs)
    .finished;
  if (sent !== events) throw new Error(`Only ${sent} events were sent`);
}
