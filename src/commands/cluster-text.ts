/**
 * How all gateways stand, for people.
 */
import type { ClusterStatus, GatewayLine } from '../gateway/cluster-status.ts';

export function clusterText(
  { log, writer, forwarder, deadLetter, gateways }: ClusterStatus,
  faults: readonly string[],
): string {
  const kept = log.first > log.last ? `none of ${log.last} messages` : `messages ${log.first} to ${log.last}`;
  const servers = log.replicas === 1 ? 'one server' : `${log.replicas} copies, led by ${log.leader ?? 'nobody'}`;
  const newest = Math.max(0, ...gateways.map(({ head }) => head));
  const lines = [
    `shared log  ${log.name}, epoch ${log.epoch}, rules ${log.rules}, id window ${log.idsMax}`,
    `kept        ${kept}, ${megabytes(log.bytes)} of at most ${megabytes(log.bytesMax)}, on ${servers}`,
    `writer      ${writer === null ? 'nobody yet' : `${writer.holder || 'nobody'}, term ${writer.term}`}`,
    `stored      ${writer?.checkpoint == null ? 'nothing yet' : storedText(writer.checkpoint, newest)}`,
    ...(forwarder === null ? [] : [`forwarder   ${forwarderText(forwarder, newest)}`]),
    `dead letter ${deadLetter === null ? 'none yet' : deadText(deadLetter)}`,
    '',
    ...table([['gateway', 'state', 'applied', 'behind', 'spool', 'rules'], ...gateways.map(cells)]),
    '',
    ...(faults.length === 0 ? ['All is well.'] : faults),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function deadText({ events, bytes, bytesMax }: NonNullable<ClusterStatus['deadLetter']>): string {
  return `${events} events, ${megabytes(bytes)} of at most ${megabytes(bytesMax)}`;
}

function forwarderText({ holder, term, confirmed }: NonNullable<ClusterStatus['forwarder']>, newest: number): string {
  const behind = confirmed === null ? 0 : Math.max(0, newest - confirmed);
  const has = `${behind === 0 ? 'nothing' : `${behind} seqs`} not confirmed by Prefect`;
  return `${holder || 'nobody'}, term ${term}, ${has}`;
}

function storedText(checkpoint: number, newest: number): string {
  const behind = Math.max(0, newest - checkpoint);
  return `all up to seq ${checkpoint} is in ClickHouse${behind === 0 ? '' : `, ${behind} are on their way`}`;
}

function cells({ id, state, silentMs, applied, lag, waiting, rules }: GatewayLine): string[] {
  const told = state === 'living' ? state : `${state}, seen ${ago(silentMs)} ago`;
  return [id, told, String(applied), String(lag), String(waiting), String(rules)];
}

function ago(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** Columns of equal width, the last one as it is. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, nth) => Math.max(...rows.map((row) => row[nth]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, nth) => cell.padEnd(widths[nth] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
