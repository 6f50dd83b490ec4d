/** The text of docs/COST-MODEL.md around its tables. */
import { costsOf, measuredRows, modelRows, singleMax, streamMax } from './cost-model.ts';
import { deliveryRows, eventRows, idleText, profileRows } from './gateway-tables.ts';
import type { Row } from './rows.ts';

/** Null while a figure that it needs was never measured. */
export function costPage(
  results: readonly { readonly file: string; readonly [key: string]: unknown }[],
  tableOf: (rows: readonly Row[]) => string,
): string | null {
  const found = costsOf(results);
  if (found === null) return null;
  const { costs, files } = found;
  const thousands = (value: number): string => Math.round(value / 1000).toLocaleString('en-US');
  const single = thousands(singleMax(costs));
  const stream = thousands(streamMax(costs));
  return `# What a load takes

Made by \`npm run bench:compare\` from ${files.map((file) => `\`bench/results/${file}\``).join(', ')}. The machine is
noisy, and everything shared its two cores: take the figures as orders of magnitude.

## Measured
At 5,000 events a second of 1.1 kB, 256 at once and a ping behind them.

${tableOf(measuredRows(costs, results))}

### Events, beside one Sluice
Medians of turns within one run, under load by others: read them as a direction. 256 that come at once go as one block
or two. One Sluice has its table writer in it. With nothing to do,
${idleText(results)}: at 1,000 events a second that is a good part of each figure.

${tableOf(eventRows(results))}

### Deliveries
The same subscribers, spread over more and more gateways: what all servers spend together, less what the same events
cost them without subscribers. More gateways do not make a delivery dearer, as far as so noisy a machine can tell.

${tableOf(deliveryRows(results))}

### Where the time of a gateway that follows goes
V8's profiler on its main thread, at 5,000 events a second (\`bench/results/2026-11-30-gateway-profile.json\`). The
process spends some five µs more: native code between calls of JavaScript, and V8's other threads.

${tableOf(profileRows(results))}

A gateway that follows does not read what clients send, and does not insert. All else it does as one Sluice does: ids
looked up and kept, a record made and written. Beside that it receives the row once more, checks the block, and sums up
its replica. The bytes decide: a row has the event, and its text once more in a form for searches. Half as many bytes
in the stream, with that form made anew where it is applied, would be the next step; it is not built.

## Machines
A core is used to 60 %, so that a peak, or what a dead neighbour leaves, finds room. A gateway has one core for events
and subscribers. The gateways of a stream share what comes in, and the subscribers; the one that also writes into
ClickHouse is the busiest, and it decides. At least three gateways and three NATS servers, so that one may die.

${tableOf(modelRows(costs))}

A single Sluice takes about ${single},000 events a second with a core to itself: below that a
second gateway is for fail-over and for subscribers, not for speed. Several gateways on
one machine share its cores, so they help fan-out alone.

## Where it breaks
**Every gateway applies everything.** However many gateways there are, each applies all events of the stream, and one
writes all of them into ClickHouse. So one stream ends at about ${stream},000 events a second, at
which each gateway does nothing else. The table stays at 70 % of that. What more gateways
do bring is subscribers: deliveries share out evenly.

Beside that:
- The disk of each NATS server writes every byte of its stream, and syncs each block with \`sync_interval: always\`.
- One gateway writes into ClickHouse, one range at a time. ClickHouse itself scales by shards ([SCALE.md](SCALE.md)).
- The id window of each gateway holds the ids of all gateways: its time gets shorter as events get more.

## Beyond it, on paper
None of this is built. Rows of the table with more than one stream count on it.

- **Partitions by resource.** The id of an event's resource, hashed, chooses one of N streams. Each stream has gateways,
  a writer, an epoch and \`seq\` of its own: what runs today, N times. A gateway that takes an event of another
  partition passes it on and answers when that one has answered.
- **What becomes of one order.** Events of one resource keep it, and with it all that follows one resource. Between
  resources of different partitions there is none any more. A position becomes a list of N positions.
- **A subscriber** whose filter names resources reads their partitions only. Any other one reads all N, merged as they
  come. It still gets each event once and without a gap, for both hold in each partition. The last event before
  \`caught_up\` is that of the slowest partition.
- **Ids** are judged by the partition of the resource. The same id with two resources would be two events: today it is
  one. A client that sends an id again sends the same resource, so no honest client meets this.
- **Pages and counts** ask ClickHouse and stay as they are. Live counts are as of N positions.
- **More partitions later** moves resources between streams. A partition is closed at a position, and the new ones begin
  behind it; a resume across that place reads the old one to its end first.
`;
}
