/**
 * What the form costs in which an event is sent: read in batches of 100 and written as rows, in this process. Each form
 * beside its base, per byte of what is kept, and beside the general reader, which takes any form, too.
 */
import { PlainReader } from '../../src/event-text/plain-event.ts';
import { readBatch } from '../../src/event-text/read-events.ts';
import { textEvent } from '../../src/event-text/text-event.ts';
import { type EventForm, eventForms } from '../load/event-forms.ts';
import { median, round } from '../target.ts';

const batchEvents = 100;
const turns = 15;
const turnMs = 15;
const receipt = { received: '2026-11-22T10:00:00.5Z', column: '2026-11-22 10:00:00.500000' };
const rowsBytes = 16 * 1024 * 1024;

interface Measured {
  readonly form: EventForm;
  readonly bodies: readonly Buffer[];
  /** Of a row, on the average. */
  readonly bytes: number;
  /** µs an event, turn by turn. */
  readonly compiled: number[];
  readonly general: number[];
}

/** Reads a body and writes its rows; gives their bytes. */
type ReadBody = (body: Buffer) => number;

export async function readFormsStage(): Promise<object> {
  const rows = Buffer.alloc(rowsBytes);
  const compiled = compiledReading(rows);
  const general = generalReading(rows);
  const all = eventForms().map((form): Measured => {
    const bodies = bodiesOf(form);
    const bytes = bodies.reduce((sum, body) => sum + compiled(body), 0) / (bodies.length * batchEvents);
    return { form, bodies, bytes, compiled: [], general: [] };
  });
  for (let turn = 0; turn < turns; turn += 1) {
    for (const one of all) {
      one.compiled.push(micros(one.bodies, compiled));
      one.general.push(micros(one.bodies, general));
    }
  }
  return Object.fromEntries(
    all.map((one) => [one.form.name, resultOf(one, all.find(({ form }) => form.name === one.form.base) ?? one)]),
  );
}

function compiledReading(rows: Buffer): ReadBody {
  const reader = new PlainReader();
  return (body) => {
    const events = reader.readBatch(body);
    if (events === null) throw new Error('an event of the bench was refused');
    let at = 0;
    for (const event of events) at = event.writeRow(rows, at, 1, receipt);
    return at;
  };
}

function generalReading(rows: Buffer): ReadBody {
  return (body) => {
    const read = readBatch(body, true);
    if (!read.ok) throw new Error('an event of the bench was refused');
    let at = 0;
    for (const event of read.events) at = textEvent(event).writeRow(rows, at, 1, receipt);
    return at;
  };
}

/** A form of one text is sent a hundred times, one of many in as many batches as it takes. */
function bodiesOf(form: EventForm): Buffer[] {
  const texts = form.texts();
  return Array.from({ length: Math.ceil(texts.length / batchEvents) }, (_, nth) => {
    const events = Array.from({ length: batchEvents }, (_, at) => texts[(nth * batchEvents + at) % texts.length]);
    return Buffer.from(`[${events.join(',')}]`);
  });
}

function resultOf(one: Measured, base: Measured): object {
  const ratios = one.compiled.map((value, turn) => (value / (base.compiled[turn] ?? 0)) * (base.bytes / one.bytes));
  return {
    rowBytes: Math.round(one.bytes),
    microsPerEvent: round(median(one.compiled), 3),
    base: base.form.name,
    ratioPerByte: round(median(ratios)),
    generalMicrosPerEvent: round(median(one.general)),
  };
}

/** µs of CPU an event. */
function micros(bodies: readonly Buffer[], read: ReadBody): number {
  const end = performance.now() + turnMs;
  const start = process.cpuUsage();
  let batches = 0;
  do {
    for (const body of bodies) read(body);
    batches += bodies.length;
  } while (performance.now() < end);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / (batches * batchEvents);
}
