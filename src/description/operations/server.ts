/**
 * The operations that are about the server itself.
 */
import { type JsonSchema, literal, objectOf, text } from '../../../schemas/json-schema.ts';
import { metricsType } from '../../base/prometheus.ts';
import { failsOfAccess } from '../failures.ts';
import type { Answer, Operation } from '../operation.ts';

export const getHealth: Operation = {
  id: 'getHealth',
  group: 'Server',
  title: 'Ask whether the process lives',
  about: 'Wants no credentials.',
  answers: { 200: { about: 'It lives.', content: { schema: literal(true), example: true } } },
};

const readiness: JsonSchema = objectOf<{ readonly message: string }>(
  { message: text('`OK`, or one sentence that says why not.') },
  { title: 'Readiness', description: 'With `verbose=1` it has the store, the lag and the books beside.' },
);

export const getReady: Operation = {
  id: 'getReady',
  group: 'Server',
  title: 'Ask whether events can be taken in',
  about: 'Ready while intake is durable. Wants no credentials, but for `verbose=1`.',
  parameters: [
    {
      name: 'verbose',
      in: 'query',
      about: '`1`: with the store, the lag and the books.',
      schema: { type: 'string', enum: ['0', '1'], default: '0' },
      example: '1',
    },
  ],
  answers: {
    200: { about: 'It is ready.', content: { schema: readiness, example: { message: 'OK' } } },
    503: {
      about: 'It is not.',
      content: { schema: readiness, example: { message: 'Sluice is stopping.' } },
      headers: { 'retry-after': 'Seconds after which to ask again.' },
    },
  },
  fails: [...failsOfAccess, 'forbidden'],
};

export const getMetrics: Operation = {
  id: 'getMetrics',
  group: 'Server',
  title: 'Get the numbers',
  about: 'Counters, gauges and histograms in the text format of Prometheus.',
  answers: {
    200: {
      about: 'The numbers.',
      content: {
        type: metricsType,
        schema: { type: 'string' },
        example: '# HELP sluice_head_seq The newest committed seq.\n# TYPE sluice_head_seq gauge\nsluice_head_seq 7\n',
      },
    },
  },
};

/** The version of an API, as a JSON text. */
export function versionOf(id: string, title: string, version: string): Operation {
  return {
    id,
    group: 'Server',
    title,
    about: 'It says what clients of Prefect may rely on.',
    answers: { 200: { about: 'The version.', content: { schema: { type: 'string' }, example: version } } },
  };
}

/** One of the descriptions of the API. */
export function descriptionOf(id: string, title: string, about: string, content: Answer['content']): Operation {
  const answer: Answer = content === undefined ? { about: title } : { about: title, content };
  return { id, group: 'Server', title, about: `${about} Wants no credentials.`, answers: { 200: answer } };
}
