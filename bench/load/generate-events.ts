/**
 * Events made inside ClickHouse: one INSERT SELECT makes a range of rows as accept would have written them, with values
 * that vary as real ones do (skewed resources, runs of ten events, messages of words, trace ids), so that neither
 * codecs nor indexes are flattered. An event depends on its number alone: a set can be made again, or compared.
 */

export interface EventSet {
  readonly events: number;
  /** Distinct primary resources; 'runs' makes each run one. */
  readonly resources: number | 'runs';
  /** Of the first event's receipt, in whole seconds since 1970; the set's events are spread evenly from there. */
  readonly startSeconds: number;
  readonly spanSeconds: number;
  readonly shape?: SetShape;
}

/**
 * How a set differs from the usual one. `zipf`: resource k comes one k-th as often as the first; `hot`: nine of ten
 * events are of one resource; `keys`: each event has a label key of its own; `late`: events come up to twelve hours
 * late.
 */
export type SetShape = 'zipf' | 'hot' | 'keys' | 'late';

/** Events of one run follow each other; their runs are the high-cardinality ids of the set. */
const eventsOfRun = 10;
export const rareWord = 'zyzzyva';
/** One event in so many holds the rare word. */
export const rareEvery = 100_000;

/** Below the seq with which any epoch of today begins: now × 2^20. */
export function firstSeq({ startSeconds }: EventSet): number {
  return startSeconds * 2 ** 20;
}

/** The statement that inserts the events numbered from `from` to below `to`. */
export function insertSql(set: EventSet, from: number, to: number): string {
  return `INSERT INTO events (seq, id, received, occurred, head, search, raw) ${rowsSql(set, from, to)}`;
}

const syllables = 'ba co di fu ga he ji ko lu ma ne pi qua ro su ta ve wi xa yo zel bran chor dwin frol'.split(' ');
const eventNames = [
  ...['Scheduled', 'Pending', 'Running', 'Completed', 'Failed', 'Retrying', 'Cancelled', 'Crashed'].flatMap((state) => [
    `prefect.flow-run.${state}`,
    `prefect.task-run.${state}`,
  ]),
  ...['created', 'updated', 'disabled', 'ready'].map((verb) => `prefect.deployment.${verb}`),
  ...['s3.object.created', 's3.object.removed', 'dbt.model.built', 'dbt.test.failed', 'alert.opened', 'alert.closed'],
  ...['warehouse.table.refreshed', 'prefect.work-queue.ready', 'prefect.work-queue.not-ready', 'prefect.block.loaded'],
];

function rowsSql({ events, resources, startSeconds, spanSeconds, shape }: EventSet, from: number, to: number): string {
  const step = (spanSeconds * 1e6) / events;
  const hash = (salt: number) => `bitShiftRight(cityHash64(n, ${salt}), 8)`;
  const list = (words: readonly string[]) => `[${words.map((word) => `'${word}'`).join(',')}]`;
  const word = (salt: number) =>
    `concat(syllables[1 + ${hash(salt)} % 25], syllables[1 + ${hash(salt + 1)} % 25], syllables[1 ` +
    `+ ${hash(salt + 2)} % 25])`;
  const resourceId =
    resources === 'runs'
      ? `concat('prefect.flow-run.', run_id)`
      : `concat('acme.service.', toString(${resourceNumber(resources, hash, shape)}))`;
  const resourceName =
    resources === 'runs' ? `concat('run-', substring(run_id, 1, 8))` : `concat('service ', substring(resource_id, 14))`;
  const lateMicros = shape === 'late' ? 12 * 3_600 * 1e6 : 3e6;
  const ownKey = shape === 'keys' ? `,"key-', toString(n), '":"', region, '"` : '';
  const ownValue = shape === 'keys' ? ' region, sep,' : '';
  const related = (id: string, role: string) =>
    `'{"prefect.resource.id":"', ${id}, '","prefect.resource.role":"${role}"}'`;
  return `WITH number AS n, ${list(syllables)} AS syllables, ${list(eventNames)} AS names,
    fromUnixTimestamp64Micro(toInt64(${startSeconds * 1e6} + floor(n * ${step})), 'UTC') AS received_at,
    received_at - toIntervalMicrosecond(1 + ${hash(3)} % ${lateMicros}) AS occurred_at,
    reinterpretAsUUID(sipHash128(n, 7)) AS event_id,
    toString(reinterpretAsUUID(sipHash128(intDiv(n + ${hash(4)} % 40, ${eventsOfRun}), 8))) AS run_id,
    names[1 + intDiv((${hash(5)} % 30) * (${hash(6)} % 30), 30)] AS event_name,
    ${resourceId} AS resource_id, ${resourceName} AS resource_name,
    ['eu-west','eu-north','us-east','us-west','ap-south','sa-east'][1 + ${hash(9)} % 6] AS region,
    concat('team-', toString(${hash(10)} % 40)) AS team,
    ['prod','prod','prod','staging','dev'][1 + ${hash(11)} % 5] AS stage,
    concat('prefect.flow.', toString(${hash(12)} % 200)) AS flow,
    concat('prefect.deployment.', toString(${hash(13)} % 500)) AS deployment,
    concat('prefect.work-pool.', toString(${hash(14)} % 8)) AS pool,
    concat('prefect.tag.', ${word(15)}) AS tag,
    concat('prefect.flow-run.', run_id) AS run,
    concat(${[20, 23, 26, 29, 32, 35, 38].map(word).join(`, ' ', `)},
      if(n % ${rareEvery} = ${rareEvery / 2}, ' ${rareWord}', '')) AS message,
    hex(${hash(41)}) AS trace, toString(${hash(42)} % 100000 / 100) AS seconds,
    concat('{"occurred":"', replaceOne(toString(occurred_at), ' ', 'T'), 'Z","event":"', event_name,
      '","resource":{"prefect.resource.id":"', resource_id, '","prefect.resource.name":"', resource_name,
      '","region":"', region, '","team":"', team, '","stage":"', stage, '"${ownKey}},"related":[',
      ${related('run', 'flow-run')}, ',', ${related('flow', 'flow')}, ',', ${related('deployment', 'deployment')}, ',',
      ${related('pool', 'work-pool')}, ',', ${related('tag', 'tag')}, ']') AS envelope_text
    SELECT ${startSeconds * 2 ** 20} + n AS seq, event_id AS id, received_at AS received, occurred_at AS occurred,
      toUInt32(length(envelope_text)) AS head,
      lower(concat(event_name, sep, resource_id, sep, resource_name, sep, region, sep, team, sep, stage, sep,${ownValue}
        run, sep, 'flow-run', sep, flow, sep, 'flow', sep, deployment, sep, 'deployment', sep,
        pool, sep, 'work-pool', sep, tag, sep, 'tag', sep,
        'message', sep, message, sep, 'trace', sep, trace, sep,
        'seconds', sep, seconds, sep, 'attempt', sep)) AS search,
      concat(envelope_text, ',"payload":{"message":"', message, '","trace":"', trace, '","seconds":', seconds,
        ',"attempt":', toString(1 + ${hash(43)} % 3), '},"id":"', toString(event_id), '","follows":null,"received":"',
        replaceOne(toString(received_at), ' ', 'T'), 'Z"}') AS raw
    FROM (SELECT number, char(31) AS sep FROM numbers(${from}, ${to - from}))`;
}

/** Squared: the first of five thousand are some tens of times as frequent as the last. */
function resourceNumber(resources: number, hash: (salt: number) => string, shape: SetShape | undefined): string {
  const [one, other] = [`${hash(1)} % ${resources}`, `${hash(2)} % ${resources}`];
  if (shape === 'zipf') return `toUInt32(exp((${hash(1)} % 1000000) / 1e6 * log(${resources}))) - 1`;
  if (shape === 'hot') return `if(${hash(1)} % 10 = 0, ${other}, 0)`;
  return `intDiv((${one}) * (${other}), ${resources})`;
}

/** Ranges of event numbers, none across a UTC day of receipt, none longer than `rowsMax`. */
export function* rangesOf(set: EventSet, rowsMax: number): Iterable<{ readonly from: number; readonly to: number }> {
  const perSecond = set.events / set.spanSeconds;
  for (let from = 0; from < set.events; ) {
    const day = Math.floor((set.startSeconds + from / perSecond) / 86_400);
    const dayEnds = Math.ceil(((day + 1) * 86_400 - set.startSeconds) * perSecond);
    const to = Math.min(set.events, from + rowsMax, Math.max(dayEnds, from + 1));
    yield { from, to };
    from = to;
  }
}
