/**
 * Schemas on the page: a row for each field, and a link where a schema has a name.
 */
import type { JsonSchema } from '../../schemas/json-schema.ts';
import { type Html, html, inLine, nothing } from './html.ts';

/** The fields of a schema, and what is said of it. */
export function schemaTable(schema: JsonSchema): Html {
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) return html`<p>${kindOf(schema)} ${boundsOf(schema)}</p>`;
  const rows = fields.map(([name, field]) => fieldRow(name, field, schema));
  return html`<table class="fields"><tbody>${rows}</tbody></table>`;
}

function fieldRow(name: string, field: JsonSchema, { required = [] }: JsonSchema): Html {
  const mark = required.includes(name) ? html` <span class="must">required</span>` : nothing;
  const about = field.description === undefined ? nothing : html`<div>${inLine(field.description)}</div>`;
  const inside = field.title === undefined ? innerModels(field) : [];
  return html`<tr><th scope="row"><code>${name}</code>${mark}</th><td><span class="kind">${kindOf(field)}</span>
<span class="bounds">${boundsOf(field)}</span>${about}${inside.map(schemaTable)}</td></tr>`;
}

/** Models without a name that stand within a field. */
function innerModels({ properties, items, anyOf, ...rest }: JsonSchema): readonly JsonSchema[] {
  if (properties !== undefined) return [{ properties, ...rest }];
  // Of one entry or a list of such entries, the entry says all.
  const [first] = anyOf ?? [];
  const inner = first ?? items;
  return inner?.title === undefined && inner?.properties !== undefined ? [inner] : [];
}

/** In a few words, with links. */
function kindOf(schema: JsonSchema): Html {
  const { title, type, items, anyOf, additionalProperties, format } = schema;
  if (title !== undefined) return html`<a href="#shape-${title}">${title}</a>`;
  if (schema.enum !== undefined) return choice(schema.enum);
  if ('const' in schema) return choice([schema.const]);
  if (anyOf !== undefined) return joined(anyOf.map(kindOf), ' or ');
  if (type === 'array') return html`list of ${items === undefined ? 'anything' : kindOf(items)}`;
  if (typeof additionalProperties === 'object') return html`object, each value: ${kindOf(additionalProperties)}`;
  if (type === undefined) return html`anything`;
  return html`${[type].flat().join(' or ')}${format === undefined ? nothing : html` (${format})`}`;
}

function choice(values: readonly unknown[]): Html {
  return joined(
    values.map((value) => html`<code>${JSON.stringify(value)}</code>`),
    ' or ',
  );
}

function joined(parts: readonly Html[], between: string): Html {
  return { html: parts.map((part) => part.html).join(between) };
}

function boundsOf(schema: JsonSchema): string {
  const { minimum, maximum, minLength, maxLength, maxItems, maxProperties, default: usual } = schema;
  const said = [
    minimum !== undefined && `at least ${minimum}`,
    maximum !== undefined && `at most ${maximum}`,
    minLength !== undefined && 'not empty',
    maxLength !== undefined && `at most ${maxLength} characters`,
    maxItems !== undefined && `at most ${maxItems}`,
    maxProperties !== undefined && `at most ${maxProperties} entries`,
    usual !== undefined && `${JSON.stringify(usual)} where it is left out`,
  ];
  return said.filter((words) => words !== false).join(', ');
}
