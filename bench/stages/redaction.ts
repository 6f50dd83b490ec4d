/**
 * What redaction costs: CPU of intake for each event, in bodies of 100 and in messages, beside intake without it, in
 * alternating turns of this process. No server.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRedaction } from '../../src/event-text/redaction-rules.ts';
import { createRedactor, type Redactor } from '../../src/event-text/redactor.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { EventTemplate } from '../load/event-template.ts';
import { median, round } from '../target.ts';
import { cpuSince, intakeOn, journalIn } from './stage-parts.ts';

const eventBytes = 1_100;
const groupEvents = 100;
const groups = 50;
const rounds = 15;

const settings = {
  'without the setting': '',
  'finds nothing': 'label:user.email,payload:card.number,payload:**.password',
  'a label of each event': 'label:region',
  'a value of each payload': 'payload:late',
  'a key at any depth, in each event': 'payload:**.late',
} as const;
type Setting = keyof typeof settings;

interface Turn {
  readonly setting: Setting;
  readonly ofBody: number;
  readonly ofMessage: number;
}

/** µs an event, and the median of the ratios to the same turn without the setting. */
export async function redactionStage(): Promise<object> {
  const names = Object.keys(settings) as Setting[]; // the keys of a constant
  const turns: Turn[][] = [];
  // The first two warm up.
  for (let nth = 0; nth < rounds + 2; nth += 1) {
    const round: Turn[] = [];
    for (const setting of nth % 2 === 0 ? names : [...names].reverse()) round.push(await measure(setting));
    turns.push(round);
  }
  const told = (setting: Setting, field: 'ofBody' | 'ofMessage'): object => {
    const of = (name: Setting): number[] =>
      turns.slice(2).map((turn) => turn.find((one) => one.setting === name)?.[field] ?? Number.NaN);
    const base = of('without the setting');
    return {
      micros: round(median(of(setting))),
      ratio: round(median(of(setting).map((value, nth) => value / (base[nth] ?? Number.NaN))), 3),
    };
  };
  return Object.fromEntries(
    names.map((name) => [name, { ofBody: told(name, 'ofBody'), ofMessage: told(name, 'ofMessage') }]),
  );
}

async function measure(setting: Setting): Promise<Turn> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-redaction-'));
  const journal = journalIn(folder);
  try {
    const intake = intakeOn(journal, redactorOf(settings[setting]));
    const ofBody = await microsOf(journal, makeGroups(), async (events) => {
      const outcome = intake.acceptBatch(Buffer.from(`[${events.join(',')}]`), true);
      if (!outcome.ok) throw new Error('an event of the bench was refused');
      await outcome.durable;
    });
    const ofMessage = await microsOf(journal, makeGroups(), async (events) => {
      let ticket = 0;
      for (const event of events) {
        const outcome = intake.acceptMessage(event, false);
        if (outcome.kind !== 'accepted') throw new Error('an event of the bench was not accepted');
        ticket = outcome.ticket;
      }
      await intake.whenDurable(ticket, 0);
    });
    return { setting, ofBody, ofMessage };
  } finally {
    journal.close();
    rmSync(folder, { recursive: true });
  }
}

async function microsOf(
  journal: Journal,
  all: readonly (readonly Buffer[])[],
  take: (events: readonly Buffer[]) => Promise<void>,
): Promise<number> {
  const start = process.cpuUsage();
  for (const events of all) {
    await take(events);
    // A ClickHouse that follows.
    journal.advanceCheckpoint(journal.head);
  }
  return cpuSince(start) / (groups * groupEvents);
}

function redactorOf(redact: string): Redactor | null {
  return redact === '' ? null : createRedactor(parseRedaction(redact) ?? []);
}

/** Of ids that were never used. */
function makeGroups(): Buffer[][] {
  const own = randomBytes(4).toString('hex');
  const template = new EventTemplate({ prefix: 'redaction', idPrefix: `${own}-0000-4000-8000-`, eventBytes });
  return Array.from({ length: groups }, (_, group) =>
    Array.from({ length: groupEvents }, (_, nth) => {
      const bytes = Buffer.alloc(template.bytes.length);
      template.write(bytes, 0, group * groupEvents + nth, Date.now() * 1000, Date.now() * 1000);
      return bytes;
    }),
  );
}
