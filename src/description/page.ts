/**
 * The descriptions as a page for people: one file of HTML, without scripts and without anything from elsewhere.
 */
import { createHash } from 'node:crypto';
import type { DescribedSocket } from './asyncapi.ts';
import { escapeHtml, type Html, html, markdown } from './html.ts';
import { aboutApi, title, version } from './info.ts';
import type { DescribedRoute } from './openapi.ts';
import { groups } from './operation.ts';
import { channelSection, operationSection, serverMark } from './page-entries.ts';
import { schemaTable } from './page-schemas.ts';
import { style } from './page-style.ts';
import { shapesOf } from './shapes.ts';

const styleHash = createHash('sha256').update(style).digest('base64');

export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; ` +
    "frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** Without the address of the server, which `withServer` puts in. */
export function pageOf(routes: readonly DescribedRoute[], sockets: readonly DescribedSocket[]): string {
  const shapes = shapesOf(routes, sockets);
  const sections = Object.entries(groups).map(([group, about]) => {
    const entries = routes.filter(({ operation }) => operation.group === group);
    return html`<h2 id="${group}">${group}</h2><p>${about}</p>${entries.map(operationSection)}`;
  });
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}: the API</title><style>${{ html: style }}</style></head>
<body><a class="skip" href="#main">To the text</a><div class="frame">${navigation(routes, sockets, shapes)}
<main id="main"><h1>${title}: the API</h1>${markdown(aboutApi)}
<p>For programs: <a href="openapi.json">openapi.json</a>, <a href="asyncapi.json">asyncapi.json</a>.
Where the server wants credentials: <code>curl -u NAME:WORD …</code>, or a token as
<code>authorization: Bearer</code>.</p>
${sections}
<h2 id="WebSockets">WebSockets</h2>${sockets.map(channelSection)}
<h2 id="Shapes">Shapes</h2>${[...shapes].map(
    ([name, shape]) =>
      html`<h3 id="shape-${name}">${name}</h3>${markdown(shape.description ?? '')}${schemaTable(shape)}`,
  )}
<footer>${title}, the events API of Prefect ${version}.</footer></main></div></body></html>
`;
  return page.html;
}

/** The page with the address of the server as its reader knows it. */
export function withServer(page: string, url: string): string {
  return page.replaceAll(serverMark, escapeHtml(url));
}

function navigation(
  routes: readonly DescribedRoute[],
  sockets: readonly DescribedSocket[],
  shapes: ReadonlyMap<string, unknown>,
): Html {
  const list = (heading: string, links: readonly Html[]): Html =>
    html`<h2>${heading}</h2><ul>${links.map((link) => html`<li>${link}</li>`)}</ul>`;
  const byGroup = Object.keys(groups).map((group) => {
    const entries = routes.filter(({ operation }) => operation.group === group);
    return list(
      group,
      entries.map(({ operation }) => html`<a href="#${operation.id}">${operation.title}</a>`),
    );
  });
  const ofSockets = sockets.map(({ channel }) => html`<a href="#${channel.id}">${channel.title}</a>`);
  const ofShapes = [...shapes.keys()].map((name) => html`<a href="#shape-${name}">${name}</a>`);
  return html`<nav aria-label="Contents">${byGroup}${list('WebSockets', ofSockets)}${list('Shapes', ofShapes)}</nav>`;
}
