/**
 * How long until an automation fires, with the hook and without it, in alternating pairs: two Prefect servers side by
 * side, one of them with the hook. `npm run accept:prefect:latency`.
 */
import { randomUUID } from 'node:crypto';
import { post } from '../../support/http.ts';
import { installPrefect } from '../../support/peers/prefect.ts';
import { freePort } from '../../support/peers/server-process.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { readOptions } from '../../support/script-options.ts';
import type { Target } from '../../support/target.ts';
import { makeAutomation } from './firings.ts';
import { patiently } from './patiently.ts';
import { Beside } from './start-beside.ts';

const { values } = readOptions({
  name: 'accept:prefect:latency',
  about: 'How long until an automation of a real Prefect fires, with the hook and without it, in alternating pairs.',
  options: {
    pairs: { default: 10, says: 'how many' },
    events: { default: 20, says: 'events of one turn, of which the median counts' },
  },
});
const { pairs, events } = values;
const trigger = {
  posture: 'Reactive',
  expect: ['latency.asked'],
  for_each: ['prefect.resource.id'],
  threshold: 1,
  within: 0,
};

const install = await installPrefect(repositoryRoot());
if (!install.found) throw new Error(install.sentence);
const portsOf = async () => ({ front: 0, prefect: await freePort(), sluice: await freePort() });
const plain = new Beside(install, await portsOf());
const hooked = new Beside(install, await portsOf());
try {
  await Promise.all([hooked.startSluice(), hooked.startPrefect(), plain.startPrefect(false)]);
  for (const server of [plain, hooked]) await makeAutomation(server.prefectItself, 'latency', trigger);
  for (const server of [plain, hooked]) await measure(server.prefectItself);
  const medians: { plain: number; hooked: number }[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const order = pair % 2 === 0 ? (['plain', 'hooked'] as const) : (['hooked', 'plain'] as const);
    const found = { plain: 0, hooked: 0 };
    for (const which of order) found[which] = await measure({ plain, hooked }[which].prefectItself);
    medians.push(found);
    console.log(
      `pair ${pair + 1}: ${found.plain.toFixed(1)} ms without the hook, ${found.hooked.toFixed(1)} ms with it`,
    );
  }
  const differences = medians.map((found) => found.hooked - found.plain).sort((one, other) => one - other);
  console.log(
    `medians: ${median(medians.map((found) => found.plain)).toFixed(1)} ms without, ` +
      `${median(medians.map((found) => found.hooked)).toFixed(1)} ms with; ` +
      `differences of the pairs: median ${median(differences).toFixed(1)} ms, ` +
      `from ${differences[0]?.toFixed(1)} to ${differences.at(-1)?.toFixed(1)} ms`,
  );
} finally {
  await plain.stop();
  await hooked.stop();
}

/** The median of the times from an event's being sent to its automation's firing, in ms by the machine's one clock. */
async function measure(target: Target): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < events; at += 1) {
    const id = randomUUID();
    const sentMs = Date.now();
    const event = {
      occurred: new Date(sentMs).toISOString(),
      event: 'latency.asked',
      id,
      resource: { 'prefect.resource.id': `latency.${id}` },
    };
    const answer = await post(target, '/api/events', [event]);
    if (answer.status !== 204) throw new Error(`An event answered ${answer.status} ${answer.text}`);
    times.push((await firedMs(target, id)) - sentMs);
  }
  return median(times);
}

/** When the automation fired on the event: that of the server's own event about it. */
function firedMs(target: Target, id: string): Promise<number> {
  const filter = { event: { name: ['prefect.automation.triggered'] }, related: { id: [`prefect.event.${id}`] } };
  return patiently('the automation has fired', async () => {
    const answer = await post(target, '/api/events/filter', { filter, limit: 1 });
    const occurred = /"occurred":"([^"]+)"/.exec(answer.text)?.[1];
    return occurred === undefined ? undefined : Date.parse(occurred);
  });
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
