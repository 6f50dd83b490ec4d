/**
 * The page at `/metrics`: every number of an observation under its Prometheus name. docs/PROTOCOL.md lists the same
 * names.
 */

import type { Usage } from '../access/allowance.ts';
import { createMetricsPage, type MetricsPage } from '../base/prometheus.ts';
import type { StorePhase } from '../clickhouse/store.ts';
import type { Observation } from './observe.ts';

const forwarderPhases = ['idle', 'forwarding', 'backingOff', 'asking'];
/** Of a gateway that does not forward, or not yet. */
const sharedForwarderPhases = ['following', 'waiting'];
const storePhases: readonly StorePhase[] = ['starting', 'ready', 'unavailable', 'refused'];

export function metricsPage(seen: Observation): string {
  const page = createMetricsPage();
  writeProcessBooks(page, seen);
  writeEpochBooks(page, seen);
  writeDelivery(page, seen);
  writeEdge(page, seen);
  writeTokens(page, seen);
  writeForwarder(page, seen);
  writeGateway(page, seen);
  writeWork(page, seen);
  return page.text;
}

function writeProcessBooks(page: MetricsPage, { books, parkedWaiting }: Observation): void {
  const refused = Object.entries(books.refused).map(([reason, count]) => [{ reason }, count] as const);
  page.counter('events_parsed_total', 'Events that came in: refused + deduped + parked + appended.', books.parsed);
  page.counter('events_refused_total', 'Events refused, by the name of the failure.', refused);
  page.counter('events_deduped_total', 'Repeats of a known id, acknowledged and not stored again.', books.deduped);
  page.counter('events_parked_total', 'Events taken without a seq, to be looked up in ClickHouse.', books.parked);
  page.gauge('events_parked_waiting', 'Events that wait to be looked up, of earlier runs too.', parkedWaiting);
  page.counter('events_parked_appended_total', 'Parked events that were given a seq.', books.parkedAppended);
  page.counter('events_parked_deduped_total', 'Parked events that were repeats.', books.parkedDeduped);
  page.counter('events_parked_id_taken_total', 'Parked events of an id taken under another label.', books.parkedTaken);
  page.counter('events_parked_taken_back_total', 'Parked events whose write failed.', books.parkedTakenBack);
  page.counter('events_appended_total', 'Events that were given a seq.', books.appended);
  page.counter('events_from_prefect_total', 'Of those: handed on by a Prefect server.', books.fromPrefect);
  page.counter('events_taken_back_total', 'Appended, but never written; never acknowledged.', books.takenBack);
  page.counter('redacted_total', 'Values that became "***", of repeats too.', books.redacted);
  page.counter('labels_replaced_total', 'Labels that a token set in place of another value.', books.labelsReplaced);
  page.counter('messages_skipped_total', 'Messages of /in passed over, not among the parsed.', books.skipped);
}

function writeEpochBooks(page: MetricsPage, seen: Observation): void {
  const { epoch, epochBook } = seen;
  const ofEpoch = (value: number) => [[{ epoch }, value]] as const;
  page.gauge('epoch_first_seq', 'Seq of the first event of the epoch.', ofEpoch(seen.firstSeq));
  page.gauge('head_seq', 'Newest committed seq.', seen.head);
  page.gauge('mark_seq', 'Newest seq handed to live delivery.', seen.mark);
  page.gauge('checkpoint_seq', 'All up to this seq is in ClickHouse or in the dead letter.', seen.checkpoint);
  const law = 'head - first + 1 = stored + dead-lettered + pending, over all restarts.';
  page.gauge('epoch_stored', `Events of the epoch in ClickHouse: ${law}`, ofEpoch(epochBook.stored));
  page.gauge('epoch_dead_lettered', 'Events of the epoch in the dead letter.', ofEpoch(epochBook.deadLettered));
  page.gauge('epoch_pending', 'Events of the epoch not yet in ClickHouse.', ofEpoch(epochBook.pending));
  page.gauge('pending_events', 'Committed events that cannot be queried yet, of all epochs.', seen.pending);
  page.gauge('pending_seconds', 'Age of the oldest of them.', seen.lagSeconds ?? Number.NaN);
}

function writeDelivery(page: MetricsPage, { books, ...seen }: Observation): void {
  page.counter('frames_delivered_total', 'Event frames handed to sockets of subscribers.', books.delivered);
  page.counter('subscribers_lagged_total', 'Times that a subscriber fell back from live to the log.', books.lagged);
  page.counter('repeats_total', 'Repeats at a wrong cut: a bug if ever above 0.', books.repeats);
  page.gauge('topics', 'Distinct filters of live subscribers.', seen.topics);
  page.gauge('live_subscribers', 'Subscribers that are live.', seen.liveSubscribers);
  page.gauge('lagging_subscribers', 'Subscribers that fell back and are not live again.', seen.laggingSubscribers);
  page.gauge('subscriber_buffered_bytes', 'Bytes that wait for all subscribers.', seen.bufferedBytes.sum);
  page.gauge('subscriber_buffered_bytes_max', 'Bytes that wait for the slowest one.', seen.bufferedBytes.max);
  page.gauge('filter_bytes', 'Heap of the filters of all subscribers, about.', seen.filterBytes);
  page.counter('filters_refused_total', 'Subscribers for whose filter there was no room.', seen.filtersRefused);
  page.gauge('live_counts', 'Different live counts that are asked now.', seen.liveCounts);
  page.gauge('live_count_bytes', 'Memory of live counts, about.', seen.liveCountBytes);
  page.counter('live_count_frames_total', 'Frames of live counts handed to sockets.', books.countFrames);
  page.counter('live_counts_refused_total', 'Live counts refused, or ended, for want of room.', books.countsRefused);
  page.gauge('backfill_bytes', 'Pages of history held for subscribers.', seen.backfillBytes);
}

function writeEdge(page: MetricsPage, { edge }: Observation): void {
  page.gauge('connections', 'Open connections of any kind.', edge.connections);
  page.gauge('producers', 'Open connections of producers.', edge.producers);
  page.gauge('subscribers', 'Open connections of subscribers.', edge.subscribers);
  page.gauge('answer_bytes', 'Held of answers that are read or wait for their readers.', edge.answerBytes);
  page.gauge('handshakes_waiting', 'Handshakes that wait for a place to authenticate.', edge.handshakesWaiting);
  page.counter('http_requests_total', 'HTTP requests.', edge.requests);
  page.counter('faults_total', 'Faults of our own: status 500, close 1011.', edge.faults);
  page.counter(
    'peers_gone_total',
    'Peers that left before they had their answer, by what was under way.',
    Object.entries(edge.gone).map(([during, count]) => [{ during }, count] as const),
  );
  page.counter('edge_refused_total', 'Refusals by the edge itself, before anything was parsed.', [
    [{ reason: 'unauthorized' }, edge.unauthorized],
    [{ reason: 'forbidden' }, edge.forbidden],
    [{ reason: 'limit' }, edge.limited],
    [{ reason: 'doubt' }, edge.doubtful],
    [{ reason: 'body' }, edge.bodiesRefused],
    [{ reason: 'answer' }, edge.answersRefused],
    [{ reason: 'unread answer' }, edge.answersStalled],
    [{ reason: 'connection' }, edge.connectionsRefused],
    [{ reason: 'socket' }, edge.socketsRefused],
    [{ reason: 'handshake' }, edge.handshakesRefused],
    [{ reason: 'auth message' }, edge.longAuthMessages],
    [{ reason: 'messages' }, edge.pressed],
    [{ reason: 'late' }, edge.late],
    [{ reason: 'silent' }, edge.silent],
    [{ reason: 'stalled' }, edge.stalled],
  ]);
}

/** Only once there is a token with limits. */
function writeTokens(page: MetricsPage, { usages }: Observation): void {
  const rows = Object.entries(usages);
  if (rows.length === 0) return;
  const of = (value: (usage: Usage) => number) => rows.map(([token, usage]) => [{ token }, value(usage)] as const);
  page.counter(
    'token_events_total',
    'Events of a token with limits, repeats too.',
    of(({ events }) => events),
  );
  page.counter(
    'token_bytes_total',
    'Bytes of its bodies and messages with events.',
    of(({ bytes }) => bytes),
  );
  page.gauge(
    'token_connections',
    'Its open sockets and streams.',
    of(({ connections }) => connections),
  );
  page.counter(
    'token_refused_total',
    'Refused for its limits.',
    rows.flatMap(([token, { refused }]) =>
      Object.entries(refused).map(([limit, count]) => [{ token, limit }, count] as const),
    ),
  );
}

/** Only where the log is shared. */
function writeGateway(page: MetricsPage, { gateway, forwarder }: Observation): void {
  if (gateway === null) return;
  const { id, applied, waiting, parked, idsTaken, isJoined, writer, term, tokensAgeSeconds, deadLetter } = gateway;
  page.gauge('gateway_applied_message', 'The newest message of the shared log that is applied here.', applied);
  page.gauge('gateway_spool_waiting', 'Events in the spool that the shared log may not have.', waiting);
  page.gauge('gateway_spool_parked', 'Of these the old ones, to be looked up in ClickHouse.', parked);
  page.counter(
    'gateway_ids_taken_total',
    'Promised events whose ids another gateway had under another label.',
    idsTaken,
  );
  page.gauge('gateway_joined', '1 once the shared log was joined since the start.', isJoined ? 1 : 0);
  page.gauge('gateway_writes', '1 while this gateway writes into ClickHouse.', writer === id ? 1 : 0);
  if (forwarder !== null)
    page.gauge('gateway_forwards', '1 while this gateway forwards to Prefect.', forwarder.by === id ? 1 : 0);
  page.gauge(
    'gateway_tokens_age_seconds',
    'Since NATS last said that the tokens here are the newest.',
    tokensAgeSeconds,
  );
  if (deadLetter !== null) {
    page.gauge('gateway_dead_letter_events', 'Events in the dead letter of all gateways.', deadLetter.events);
    page.gauge('gateway_dead_letter_bytes', 'Bytes of that dead letter.', deadLetter.bytes);
  }
  page.counter('gateway_writer_terms_total', 'How often the gateway that writes has changed.', term);
}

/** Only where there is a Prefect server. */
function writeForwarder(page: MetricsPage, { forwarder }: Observation): void {
  if (forwarder === null) return;
  const { counters } = forwarder;
  page.gauge('prefect_lag_events', 'Events that are not yet forwarded or passed over.', forwarder.lagEvents);
  page.gauge('prefect_lag_seconds', 'Age of the oldest of them.', forwarder.lagSeconds ?? Number.NaN);
  page.gauge('prefect_unconfirmed_events', 'Held until Prefect has them for sure.', forwarder.unconfirmedEvents);
  page.counter('prefect_sent_total', 'Events that Prefect has taken.', counters.sent);
  page.counter('prefect_sent_again_total', 'Of those: missing when asked for, and sent again.', counters.sentAgain);
  page.counter('prefect_asked_total', 'Ids that Prefect was asked for, in doubt.', counters.asked);
  page.counter('prefect_refused_total', 'Events that Prefect refuses for their content.', counters.refused);
  page.counter('prefect_held_back_total', 'Events that SLUICE_PREFECT_FILTER keeps off it.', counters.heldBack);
  page.counter('prefect_left_in_doubt_total', 'Missing there, and not sent again or kept.', counters.leftInDoubt);
  page.counter('prefect_failures_total', 'Batches and questions that failed.', counters.failures);
  page.gauge(
    'prefect_phase',
    'What the forwarder does: 1 for the present phase.',
    (forwarder.by === null ? forwarderPhases : [...forwarderPhases, ...sharedForwarderPhases]).map(
      (phase) => [{ phase }, phase === forwarder.phase ? 1 : 0] as const,
    ),
  );
}

function writeWork(page: MetricsPage, { books, store, loopDelaySeconds, ...seen }: Observation): void {
  page.histogram('commit_seconds', 'One commit of the journal, without its fdatasync.', books.commits.reading);
  page.histogram('sync_seconds', 'One fdatasync of what was committed, in fsync mode.', books.syncs.reading);
  page.histogram('insert_seconds', 'One insert into ClickHouse, failed ones included.', books.inserts.reading);
  page.counter('rows_inserted_total', 'Rows that ClickHouse has taken.', books.inserted);
  page.counter('insert_failures_total', 'Inserts that failed and are tried again.', books.insertFailures);
  page.counter('dead_lettered_total', 'Events put into the dead letter by this process.', books.deadLettered);
  page.counter('dead_letter_replayed_total', 'Events of the dead letter that a replay has stored.', books.replayed);
  page.counter('page_filters_kept_total', 'Large filters of page links that were written.', books.pageFiltersKept);
  page.counter('page_filters_dropped_total', 'Those that left for want of room.', books.pageFiltersDropped);
  page.counter(
    'statements_total',
    'Statements sent to ClickHouse: pages of history for subscribers, other reads, all else; without inserts.',
    Object.entries(seen.statements).map(([kind, count]) => [{ kind }, count] as const),
  );
  page.gauge('journal_bytes', 'Disk that the journal takes.', seen.journalBytes);
  page.gauge('journal_set_aside_bytes', 'Moved to journal/damaged at this start.', seen.journalSetAside.bytes);
  page.gauge('journal_set_aside_events', 'Whole events among what was moved.', seen.journalSetAside.events);
  page.gauge('journal_set_aside_parked', 'Whole parked events among it, not settled.', seen.journalSetAside.parked);
  page.gauge(
    'store_phase',
    'Whether ClickHouse serves: 1 for the present phase.',
    storePhases.map((phase) => [{ phase }, phase === store.phase ? 1 : 0] as const),
  );
  page.gauge('event_loop_delay_seconds', 'How late the event loop ran since the last look.', [
    [{ of: 'mean' }, loopDelaySeconds.mean],
    [{ of: 'p99' }, loopDelaySeconds.p99],
    [{ of: 'max' }, loopDelaySeconds.max],
  ]);
  page.counter('log_lines_dropped_total', 'Lines left out of the log.', [
    [{ reason: 'repeated' }, seen.logLosses.repeated],
    [{ reason: 'unwritten' }, seen.logLosses.unwritten],
  ]);
  page.counter('audit_lines_dropped_total', 'Lines left out of the audit log.', [
    [{ reason: 'repeated' }, seen.auditLosses.leftOut],
    [{ reason: 'unwritten' }, seen.auditLosses.unwritten],
  ]);
  page.gauge('resident_bytes', 'Memory of the process, without the embedded engine.', seen.residentBytes);
}
