/**
 * Events as no client writes them, but all of them good.
 */
import fc from 'fast-check';
import { jsonObjectText, jsonText } from './arbitrary-json.ts';

/** The id of each of them, in one form or another. */
export const sentId = '0f0e0d0c-0b0a-4908-8706-050403020100';

const labelText = fc.constantFrom('"x"', '"\\u0041b"', '"1"', '"é 日"', '"\\n"', '"2"', '"__proto__"', '"Σ"', '"\\/"');
const labels = fc.array(fc.tuple(labelText, labelText), { maxLength: 5 });
const blank = fc.constantFrom('', '', ' ', '\n\t');

/** An event's text with its fields in any order, unknown ones and repeated ones among them. */
export const sentEvent = fc
  .record({
    payload: jsonObjectText,
    earlierPayload: fc.option(jsonText),
    unknown: fc.option(jsonText),
    name: fc.constantFrom('"n"', '"\\u006e.\\t"', '"É"', '""', '"a\\/b"'),
    resource: labels,
    related: fc.option(fc.array(labels, { maxLength: 3 })),
    blank,
    shuffle: fc.array(fc.nat(100), { minLength: 10, maxLength: 10 }),
    idText: fc.constantFrom(
      sentId,
      sentId.toUpperCase(),
      sentId.replaceAll('-', ''),
      `{${sentId}}`,
      `urn:uuid:${sentId}`,
    ),
    follows: fc.constantFrom(null, 'null', `"${sentId.toUpperCase()}"`),
    occurred: fc.constantFrom('"2026-11-22T10:00:00Z"', '"2026-11-22 11:00:00.000+01:00"', '1795341600'),
  })
  .map((parts) => {
    const b = parts.blank;
    const object = (members: (readonly [string, string])[]) =>
      `{${members.map(([k, v]) => `${b}${k}${b}:${v}`).join(',')}}`;
    const idLabel = ['"prefect.resource.id"', '"r"'] as const;
    const role = ['"prefect.resource.r\\u006fle"', '"part"'] as const;
    const fields: [string, string][] = [
      ['"occurred"', parts.occurred],
      ['"event"', parts.name],
      ['"resource"', object([...parts.resource, idLabel])],
      ['"payl\\u006fad"', parts.payload],
      ['"id"', `"${parts.idText}"`],
    ];
    if (parts.related)
      fields.push(['"related"', `[${parts.related.map((r) => object([...r, idLabel, role])).join(`,${b}`)}]`]);
    if (parts.follows !== null) fields.push(['"follows"', parts.follows]);
    if (parts.unknown !== null) fields.push(['"received"', parts.unknown]);
    const order = fields
      .map((field, index) => ({ field, rank: parts.shuffle[index] ?? 0 }))
      .sort((x, y) => x.rank - y.rank);
    const members = order.map(({ field }) => field);
    if (parts.earlierPayload !== null) members.unshift(['"payload"', parts.earlierPayload]);
    return `${b}${object(members)}${b}`;
  });
