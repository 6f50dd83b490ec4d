/**
 * docs/prefect-facts.md, "Sending events": forms in which an event may be sent, and the one in which it comes out.
 */
export interface Form {
  readonly name: string;
  /** Fields as JSON text, instead of or beside those of a plain event. */
  readonly fields: string;
  /** Text that the answered event must hold. */
  readonly answered: string;
  readonly ours?: string;
}

const keepsNumbers = 'numbers in a payload keep their sent text';

/** Sent as `occurred`, and what comes out. */
const times: readonly (readonly [sent: string, answered: string])[] = [
  ['"2026-11-16T01:02:03Z"', '2026-11-16T01:02:03Z'],
  ['"2026-11-16T01:02:03.12Z"', '2026-11-16T01:02:03.120000Z'],
  ['"2026-11-16T01:02:03.000000Z"', '2026-11-16T01:02:03Z'],
  ['"2026-11-16T01:02:03.1234569Z"', '2026-11-16T01:02:03.123456Z'],
  ['"2026-11-16T01:02:03.9999999Z"', '2026-11-16T01:02:03.999999Z'],
  ['"2026-11-16T01:02:03+02:00"', '2026-11-15T23:02:03Z'],
  ['"2026-11-16T01:02:03-05:30"', '2026-11-16T06:32:03Z'],
  ['"2026-11-16T01:02:03"', '2026-11-16T01:02:03Z'],
  ['"2026-11-16 01:02:03"', '2026-11-16T01:02:03Z'],
  ['"2026-11-16"', '2026-11-16T00:00:00Z'],
  ['1794790923', '2026-11-16T01:02:03Z'],
  ['1794790923.5', '2026-11-16T01:02:03.500000Z'],
];

export const eventForms: readonly Form[] = [
  ...times.map(([sent, answered]) => ({
    name: `occurred ${sent}`,
    fields: `"occurred":${sent}`,
    answered: `{"occurred":"${answered}","event":`,
  })),
  { name: 'no related, no payload, no follows', fields: '', answered: '"related":[],"payload":{},"id":' },
  {
    name: 'a follows',
    fields: '"follows":"0F9B6A1E3C1D4F4E9A531B2C3D4E5F60"',
    answered: '"follows":"0f9b6a1e-3c1d-4f4e-9a53-1b2c3d4e5f60","received":"',
  },
  { name: 'a follows of null', fields: '"follows":null', answered: '"follows":null,"received":"' },
  {
    name: 'unknown fields, received among them',
    fields: '"received":"2020-01-01T00:00:00Z","nonsense":1',
    answered: '"related":[],"payload":{},"id":',
  },
  {
    name: 'related in their order, labels in theirs',
    fields:
      '"related":[{"z":"1","prefect.resource.role":"b","prefect.resource.id":"r2"},{"prefect.resource.id":"r1","prefect.resource.role":"a"}]',
    answered:
      '"related":[{"z":"1","prefect.resource.role":"b","prefect.resource.id":"r2"},{"prefect.resource.id":"r1","prefect.resource.role":"a"}],',
  },
  {
    name: 'payload keys in order, kinds of numbers, text',
    fields: '"payload":{"z":1.0,"a":[-0.0,1e-7,true,null],"t":"ü€\\u00fc\\ud83d\\ude00","e":{}}',
    answered: '"payload":{"z":1.0,"a":[-0.0,1e-7,true,null],"t":"ü€ü😀","e":{}},',
  },
  {
    name: 'an integer beyond 64 bits',
    fields: '"payload":{"n":123456789012345678901234567890}',
    answered: '"payload":{"n":123456789012345678901234567890},',
  },
  {
    name: 'a repeated key: the last one wins',
    fields: '"payload":{"a":1},"payload":{"a":2,"a":3}',
    answered: '"payload":{"a":3},',
  },
  { name: 'a negative exponent', fields: '"payload":{"n":1e-7}', answered: '"payload":{"n":1e-7},' },
  {
    name: 'an exponent without sign',
    fields: '"payload":{"n":1e30}',
    answered: '"payload":{"n":1e30},',
    ours: keepsNumbers,
  },
  {
    name: 'a number beyond doubles',
    fields: '"payload":{"n":1e400}',
    answered: '"payload":{"n":1e400},',
    ours: keepsNumbers,
  },
  {
    name: 'integer-like keys in their order',
    fields: '"payload":{"10":1,"2":2,"a":3,"1":4}',
    answered: '"payload":{"10":1,"2":2,"a":3,"1":4},',
  },
  {
    name: 'a lone surrogate in a payload',
    fields: '"payload":{"s":"\\ud800"}',
    answered: '"payload":{"s":"\\ud800"},',
    ours: 'a lone surrogate in a payload is kept as sent',
  },
  {
    name: 'control characters and quotes',
    fields: '"payload":{"s":"\\u0000\\n\\t\\"\\\\/\\u007f"}',
    answered: '"payload":{"s":"\\u0000\\n\\t\\"\\\\/\u007f"},',
  },
  {
    name: '500 labels',
    fields: `"resource":{"prefect.resource.id":"many",${Array.from({ length: 499 }, (_, at) => `"l${at}":"v"`).join()}}`,
    answered: '"l497":"v","l498":"v"},"related":[]',
  },
  {
    name: '100 related',
    fields: `"related":[${Array.from({ length: 100 }, (_, at) => `{"prefect.resource.id":"r${at}","prefect.resource.role":"x"}`).join()}]`,
    answered: '{"prefect.resource.id":"r99","prefect.resource.role":"x"}],"payload"',
  },
];
