/**
 * One route, and one socket, on the page.
 */
import { STATUS_CODES } from 'node:http';
import { failures } from '../base/errors.ts';
import { type DescribedSocket, failsOfChannel } from './asyncapi.ts';
import type { AnyMessage } from './channel.ts';
import { byStatus, failureWords } from './failures.ts';
import { block, type Html, html, inLine, jsonBlock, markdown, nothing } from './html.ts';
import { aboutRoute, type DescribedRoute, failsOf } from './openapi.ts';
import type { Answer, Body, Parameter } from './operation.ts';
import { schemaTable } from './page-schemas.ts';

/** Stands for the address of the server. */
export const serverMark = '\u0000server\u0000';

export function operationSection(route: DescribedRoute): Html {
  const { method, path, isOpen, operation } = route;
  const { id, title, parameters = [], body, answers } = operation;
  const open = isOpen ? html` <span class="open">· wants no credentials</span>` : nothing;
  return html`<section aria-labelledby="${id}"><h3 id="${id}">${title}</h3>
<p class="address"><span class="method ${method}">${method}</span> /api${path}${open}</p>
${markdown(aboutRoute(route))}${parametersTable(parameters)}${body === undefined ? nothing : bodyPart(body)}
<h4>Try it</h4>${block(curlOf(route))}
<h4>Answers</h4>${answersTable(answers, route)}</section>
`;
}

function parametersTable(parameters: readonly Parameter[]): Html {
  if (parameters.length === 0) return nothing;
  const rows = parameters.map(({ name, in: place, about, required, schema }) => {
    const mark = required ? html` <span class="must">required</span>` : nothing;
    const ofShape = schema.title === undefined ? nothing : schemaTable({ anyOf: [schema] });
    return html`<tr><th scope="row"><code>${name}</code>${mark}</th><td><span class="kind">in the ${place}</span>
<div>${inLine(about)}</div>${ofShape}</td></tr>`;
  });
  return html`<h4>Parameters</h4><table><tbody>${rows}</tbody></table>`;
}

function bodyPart({ about, schema, examples }: Body): Html {
  const shown = Object.entries(examples).map(([name, example]) => html`<h4>Example: ${name}</h4>${jsonBlock(example)}`);
  return html`<h4>Body</h4>${markdown(about)}${schemaTable(schema)}${shown}`;
}

/** A command that can be copied. */
function curlOf({ method, path, operation }: DescribedRoute): string {
  const { parameters = [], body } = operation;
  const textOf = ({ example, isJson }: Parameter): string =>
    encodeURIComponent(isJson ? JSON.stringify(example) : String(example));
  const filled = parameters
    .filter((each) => each.in === 'path')
    .reduce((text, each) => text.replace(`:${each.name}`, textOf(each)), path);
  const query = parameters
    .filter((each) => each.in === 'query' && (each.required || each.isJson))
    .map((each) => `${each.name}=${textOf(each)}`);
  const [example] = Object.values(body?.examples ?? {});
  const address = `'${serverMark}/api${filled}${query.length === 0 ? '' : `?${query.join('&')}`}'`;
  const isStream = Object.values(operation.answers).some(({ content }) => content?.type === 'text/event-stream');
  if (method === 'GET') return `curl -s${isStream ? 'N' : ''} ${address}`;
  return `curl -s ${address} -H 'content-type: application/json' \\\n  -d '${JSON.stringify(example)}'`;
}

function answersTable(answers: Readonly<Record<number, Answer>>, route: DescribedRoute): Html {
  const given = Object.entries(answers).map(([status, { about, content }]) => {
    const example =
      content === undefined
        ? nothing
        : html`<details><summary>Example</summary>${jsonBlock(content.example)}</details>`;
    return html`<tr><th scope="row"><code>${status}</code></th><td>${about}${example}</td></tr>`;
  });
  const refused = [...byStatus(failsOf(route))]
    .filter(([status]) => !(status in answers))
    .map(([status, names]) => {
      const reasons = names.map((name) => html`<li><code>${name}</code>: ${failureWords[name]}</li>`);
      const words = STATUS_CODES[status] ?? '';
      return html`<tr><th scope="row"><code>${status}</code> <span class="kind">${words}</span></th>
<td><ul>${reasons}</ul></td></tr>`;
    });
  return html`<table><tbody>${given}${refused}</tbody></table>`;
}

export function channelSection({ path, channel }: DescribedSocket): Html {
  const { id, title, about, sent, answered } = channel;
  const closes = failsOfChannel(channel).map(
    (name) => html`<tr><th scope="row"><code>${failures[name].code}</code> <code>${name}</code></th>
<td>${failureWords[name]}</td></tr>`,
  );
  return html`<section aria-labelledby="${id}"><h3 id="${id}">${title}</h3>
<p class="address"><span class="method WS">WS</span> /api${path}</p>${markdown(about)}
<h4>A client sends</h4>${messageList(sent)}<h4>The server sends</h4>${messageList(answered)}
<h4>How it ends</h4><table><tbody>${closes}</tbody></table></section>
`;
}

function messageList(messages: Readonly<Record<string, AnyMessage>>): Html {
  const shown = Object.entries(messages).map(
    ([name, { about, schema, example }]) => html`<tr><th scope="row"><code>${name}</code></th><td>${inLine(about)}
<details><summary>Fields and example</summary>${schemaTable(schema)}${jsonBlock(example)}</details></td></tr>`,
  );
  return html`<table><tbody>${shown}</tbody></table>`;
}
