/**
 * One turn of a server: what an event, a delivery and a question cost its process, after it has warmed up.
 */
import { Agent, request } from 'undici';
import { cpuOf, type OwnServer, untilDrained } from './cases/own-server.ts';
import { measure as measureSpread } from './cases/spread.ts';
import { startLoad } from './load/load-maker.ts';
import type { PostReport } from './load/post.ts';
import { freshNames, loadOptions } from './target.ts';

/** µs of CPU of the server's process for each event, delivery or question. */
export interface Figures {
  readonly 'event of a batch of 100': number;
  readonly 'event by itself': number;
  readonly 'delivery to one of 200': number;
  readonly 'page of 50': number;
  readonly 'count by event': number;
}

const warmUpEvents = 60_000;
const batchEvents = 200_000;
const loneEvents = 15_000;
const questions = 300;
const deadlineMs = 120_000;

export async function measureTurn(server: OwnServer): Promise<Figures> {
  await post(server, 100, warmUpEvents);
  await post(server, 1, 2_000);
  return {
    'event of a batch of 100': await post(server, 100, batchEvents),
    'event by itself': await post(server, 1, loneEvents),
    'delivery to one of 200': await deliveries(server),
    'page of 50': await ask(server, 'filter', { filter: { event: { prefix: ['bench-'] } }, limit: 50 }),
    'count by event': await ask(server, 'count-by/event', { filter: {} }),
  };
}

/** Until ClickHouse has them all, so that the table writer's share is in it. */
async function post(server: OwnServer, batch: number, events: number): Promise<number> {
  const shape = { connections: 4, batch, eventsMax: events, spreadMs: 0, eventBytes: 1_100, seconds: 60 };
  const { cpu } = await cpuOf(server.pid, async () => {
    const load = startLoad<PostReport>('post', { ...loadOptions(server), ...freshNames(), ...shape }, deadlineMs);
    const { acknowledged } = await load.finished;
    if (acknowledged !== events) throw new Error(`Only ${acknowledged} of ${events} events were acknowledged`);
    await untilDrained(server);
  });
  return (cpu * 1e6) / events;
}

async function deliveries(server: OwnServer): Promise<number> {
  const drive = { seconds: 3, burst: 20, everyMs: 20 };
  const { microsPerDelivery } = await measureSpread(server, { name: '', filter: 'one', subscribers: 200, drive });
  return microsPerDelivery;
}

async function ask(server: OwnServer, path: string, body: object): Promise<number> {
  const agent = new Agent({ connections: 1 });
  const once = async (): Promise<void> => {
    const answer = await request(`${server.url}/api/events/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      dispatcher: agent,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}: ${text.slice(0, 200)}`);
  };
  for (let nth = 0; nth < questions / 3; nth += 1) await once();
  const { cpu } = await cpuOf(server.pid, async () => {
    for (let nth = 0; nth < questions; nth += 1) await once();
  });
  await agent.close();
  return (cpu * 1e6) / questions;
}
