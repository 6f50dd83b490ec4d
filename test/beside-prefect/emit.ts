/** Events sent to a Prefect, with the ids that it acknowledged, and work done by its real client. */
import { randomUUID } from 'node:crypto';
import { post } from '../../support/http.ts';
import type { Target } from '../../support/target.ts';
import type { Beside } from './start-beside.ts';

const batchEvents = 10;

/** Sends so many events in small batches. Returns the ids of those that were answered with 204. */
export async function emitNumbered(target: Target, name: string, count: number): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let from = 0; from < count; from += batchEvents) {
    const numbers = Array.from({ length: Math.min(batchEvents, count - from) }, (_, at) => from + at);
    const events = numbers.map((number) => ({
      occurred: new Date().toISOString(),
      event: name,
      id: randomUUID(),
      resource: { 'prefect.resource.id': `front.${number % 7}`, 'prefect.resource.name': 'grüße' },
      payload: { number, nested: { list: [1.5, null, true] } },
    }));
    const sent = JSON.stringify(events).replaceAll('"nested":{', '"float":2.0,"nested":{');
    const answer = await post(target, '/api/events', sent);
    if (answer.status === 204) acknowledged.push(...events.map(({ id }) => id));
  }
  return acknowledged;
}

/** Runs work.py to its end, through the front. Returns what it said last. */
export function runWork(beside: Beside, what: 'flow' | 'wait' | 'cancel'): Promise<Record<string, unknown>> {
  const child = beside.spawnClient('work.py', [what]);
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve, reject) =>
    child.once('close', (code) => {
      const line = output
        .trim()
        .split('\n')
        .findLast((said) => said.startsWith('{'));
      if (code !== 0 || line === undefined)
        reject(new Error(`work.py ${what} ended with ${code}:\n${errors.slice(-3_000)}`));
      else resolve(JSON.parse(line) as Record<string, unknown>); // work.py writes it.
    }),
  );
}
