/**
 * ClickHouse as the resolver of parked events asks it: it answers when it is told to, as of the question or of that
 * moment, or not at all.
 */
import { Failure } from '../../src/base/errors.ts';
import type { Row } from '../../src/event-log/row.ts';
import { oneServer } from '../../support/one-server.ts';

/** What inserts have filled, and what asks it. */
export class FakeStore {
  readonly rows_: Row[] = [];
  readonly layout = oneServer;
  isUp = true;
  #asked: { answer: (late: boolean) => void; fail: () => void }[] = [];

  whenReady(): Promise<void> {
    return this.isUp ? Promise.resolve() : Promise.reject(new Failure('storeUnavailable', 'Down'));
  }

  rows<Row>(_sql: string, params: Record<string, unknown>): Promise<Row[]> {
    const { ids, occurred } = params as { ids: string[]; occurred: string[] }; // as the resolver asks
    const look = () =>
      this.rows_.flatMap((row) => {
        const at = ids.indexOf(row.id);
        return at >= 0 && occurred[at] === row.occurred ? [found(row) as Row] : []; // what the resolver's statement selects
      });
    const atOnce = look();
    return new Promise((resolve, reject) => {
      this.#asked.push({
        answer: (late) => resolve(late ? look() : atOnce),
        fail: () => reject(new Failure('storeUnavailable', 'Down')),
      });
    });
  }

  command(): Promise<void> {
    return Promise.resolve();
  }

  answer(late: boolean): void {
    for (const each of this.#asked.splice(0)) each.answer(late);
  }
  fail(): void {
    for (const each of this.#asked.splice(0)) each.fail();
  }
}

function found({ id, raw }: Pick<Row, 'id' | 'raw'>) {
  const { resource } = JSON.parse(raw) as { resource: Record<string, string> }; // as the tests wrote it
  return { id, keys: Object.keys(resource), values: Object.values(resource) };
}
