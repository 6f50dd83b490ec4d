/**
 * What is wrong with gateways that share a log, in sentences.
 */
import type { ClusterStatus, ForwarderLine, GatewayLine, SharedLogStatus, WriterStatus } from './cluster-status.ts';
import { differAt } from './replica-sums.ts';

/** Of the stream's room: beyond it the gateways have little time left. */
const fullShare = 0.8;
/** Longer than a lease, and than anybody needs to take it. */
const writerSilentMs = 30_000;

/** Empty where nothing is. */
export function faultsOfCluster({ log, writer, forwarder, deadLetter, gateways, unread }: ClusterStatus): string[] {
  const living = gateways.filter(({ state }) => state === 'living');
  return [
    ...faultsOfLog(log),
    ...faultsOfDeadLetter(deadLetter),
    ...(living.length === 0
      ? ['No gateway lives.']
      : [...faultsOfWriter(writer), ...faultsOfForwarder(forwarder, gateways)]),
    ...gateways.flatMap((gateway) => faultsOf(gateway, log)),
    ...differences(gateways),
    ...unread.map((id) => `What gateway ${id} says cannot be read here: it is of another version of Sluice.`),
  ];
}

function faultsOfLog({ name, bytes, bytesMax, leader, behind, replicas }: SharedLogStatus): string[] {
  const faults: string[] = [];
  if (bytes > fullShare * bytesMax) {
    faults.push(`The stream ${name} has ${bytes} of at most ${bytesMax} bytes: events are taken until it is full.`);
  }
  if (replicas > 1 && (leader ?? '') === '') faults.push(`No NATS server leads the stream ${name}.`);
  for (const server of behind) faults.push(`The NATS server ${server} is away, or has not all of the stream.`);
  return faults;
}

function faultsOfDeadLetter(size: ClusterStatus['deadLetter']): string[] {
  if (size === null || size.bytes <= fullShare * size.bytesMax) return [];
  const { bytes, bytesMax } = size;
  return [
    `The dead letter has ${bytes} of at most ${bytesMax} bytes: once it is full nothing is written into ClickHouse.`,
  ];
}

function faultsOfWriter(writer: WriterStatus | null): string[] {
  if (writer === null || writer.holder === '') return ['No gateway writes into ClickHouse.'];
  const { holder, silentMs } = writer;
  const seconds = Math.round(silentMs / 1000);
  return silentMs > writerSilentMs
    ? [`Gateway ${holder} writes into ClickHouse, and its key is unchanged for ${seconds} s.`]
    : [];
}

function faultsOfForwarder(forwarder: ForwarderLine | null, gateways: readonly GatewayLine[]): string[] {
  if (forwarder === null) return [];
  const { holder, silentMs } = forwarder;
  const seconds = Math.round(silentMs / 1000);
  if (silentMs <= writerSilentMs) return [];
  const left = leftTo(forwarder, gateways);
  if (left !== '') return [`No gateway forwards to Prefect: ${left}`];
  if (holder === '') return ['No gateway forwards to Prefect.'];
  return [`Gateway ${holder} forwards to Prefect, and its key is unchanged for ${seconds} s.`];
}

/** Those that have what is to be forwarded, where no living one does; empty else. See SharedForwarder. */
function leftTo({ confirmed }: ForwarderLine, gateways: readonly GatewayLine[]): string {
  if (confirmed === null) return '';
  const next = confirmed + 1;
  const oldestOf = ({ oldest }: GatewayLine): number => oldest ?? Number.POSITIVE_INFINITY;
  const living = gateways.filter(({ state }) => state === 'living').map(oldestOf);
  const oldest = Math.min(...living);
  if (oldest <= next) return '';
  const ids = gateways.filter((each) => each.state !== 'living' && oldestOf(each) < oldest).map(({ id }) => id);
  if (ids.length === 0) return '';
  const command = ids.map((id) => `sluice cluster leave ${id}`).join(', ');
  const wayOn = `Start it, or let it go by ${command}.`;
  return `events from seq ${next} on are left to ${ids.join(', ')}, which has them. ${wayOn}`;
}

function faultsOf({ id, state, waiting, fault, waits, applied, rules, seen }: GatewayLine, log: SharedLogStatus) {
  const faults: string[] = [];
  const spool = waiting === 0 ? '' : `; ${waiting} events of its spool may not be in the shared log`;
  if (state === 'silent') {
    const wayOn = `Start it on its folder, or let it go by sluice cluster leave ${id}.`;
    faults.push(`Gateway ${id} was last seen at ${seen}${spool}. ${wayOn}`);
  }
  if (state === 'ended' && waiting > 0) faults.push(`Gateway ${id} was stopped${spool}.`);
  if (fault !== null) faults.push(`Gateway ${id} takes nothing: ${fault}`);
  if (waits !== null) faults.push(`Gateway ${id}: ${waits}`);
  if (rules !== log.rules) faults.push(`Gateway ${id} applies by rules ${rules}, the shared log is by ${log.rules}.`);
  if (applied > log.last) {
    faults.push(`Gateway ${id} has applied message ${applied}, and the stream ends at ${log.last}: it went back.`);
  }
  if (state === 'living' && applied + 1 < log.first) {
    faults.push(`Gateway ${id} needs message ${applied + 1}, and the stream begins at ${log.first}.`);
  }
  return faults;
}

/** Of pairs whose replicas are not the same. */
function differences(gateways: readonly GatewayLine[]): string[] {
  return gateways.flatMap((one, nth) =>
    gateways.slice(nth + 1).flatMap((other) => {
      const at = differAt(one.sums, other.sums);
      return at === null ? [] : [`The replicas of ${one.id} and ${other.id} differ before seq ${at + 1}.`];
    }),
  );
}
