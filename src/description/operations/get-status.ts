/**
 * The operation that says how the server stands.
 */
import { flag, integer, type JsonSchema, objectOf, orNull, text } from '../../../schemas/json-schema.ts';
import type { Operation } from '../operation.ts';

interface StatusHead {
  readonly ok: boolean;
  readonly message: string;
  readonly version: string;
  readonly startedAt: string;
  readonly disk: DiskStatus;
  readonly journal: JournalStatus;
  readonly engine: EngineStatus;
}

interface DiskStatus {
  readonly freeBytes: number | null;
  readonly reserveBytes: number;
}

interface JournalStatus {
  readonly bytes: number;
  readonly budgetBytes: number;
  readonly durability: string;
}

interface EngineStatus {
  readonly embedded: boolean;
  readonly phase: string;
  readonly reason: string;
  readonly version: string | null;
  readonly where: string;
}

const status: JsonSchema = objectOf<StatusHead>(
  {
    ok: flag('Events can be taken in.'),
    message: text('`OK`, or one sentence that says why not.'),
    version: text('Of Sluice.'),
    startedAt: text('Since when it runs, in UTC.', { format: 'date-time' }),
    disk: objectOf<DiskStatus>({
      freeBytes: orNull(integer('Where the data folder lies; null where the system does not say.')),
      reserveBytes: integer('With less free, producers get 503.'),
    }),
    journal: objectOf<JournalStatus>({
      bytes: integer('What it takes of the disk.'),
      budgetBytes: integer('What it may take; then producers get 503.'),
      durability: text('`process` or `fsync`.'),
    }),
    engine: objectOf<EngineStatus>({
      embedded: flag('Sluice runs it; else it is a server of its own.'),
      phase: text('`ready`, or what it waits for.'),
      reason: text('Why it is not ready; empty when it is.'),
      version: orNull(text('Of ClickHouse; null before it answered.')),
      where: text('Which ClickHouse, without a secret.'),
    }),
  },
  { title: 'Status', description: 'Beside these it has all of `ready?verbose=1`: head, mark, lag, books.' },
);

export const getStatus: Operation = {
  id: 'getStatus',
  group: 'Server',
  title: 'Get how the server stands',
  about: 'What an operator looks at first: disk, journal, engine, the lag and the books.',
  answers: {
    200: {
      about: 'How it stands.',
      content: {
        schema: status,
        example: {
          ok: true,
          message: 'OK',
          version: '0.1.0',
          startedAt: '2026-11-29T08:30:00.000Z',
          disk: { freeBytes: 81_000_000_000, reserveBytes: 536_870_912 },
          journal: { bytes: 67_108_864, budgetBytes: 8_589_934_592, durability: 'process' },
          engine: { embedded: true, phase: 'ready', reason: '', version: '26.7.1', where: 'the embedded engine' },
        },
      },
    },
  },
};
