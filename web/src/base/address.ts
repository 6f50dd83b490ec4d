/** What is looked at, as the URL has it, so that it can be shared: the view, the filter, the window. No credential. */
import { signal } from '@preact/signals';

export const views = ['live', 'counts', 'server'] as const;
export type View = (typeof views)[number];

export interface Address {
  readonly view: View;
  /** The path, if no view has it; else empty. */
  readonly nowhere: string;
  /** The one-line filter. */
  readonly line: string;
  /** How far back counts look, where the line names no time: `15m`, `1h`, `7d`. */
  readonly last: string;
  /** Width of the bars, as `10s`; empty: as fits. */
  readonly bars: string;
  /** Of the list of values: the label whose values are counted; empty: none. */
  readonly label: string;
}

/** Ends in a slash: the server wrote it into the page. */
export const baseUrl: string = new URL('.', document.baseURI).href;

const lastDefault = '1h';

export const address = signal<Address>(read());

addEventListener('popstate', () => {
  address.value = read();
});

/** A step of its own in the browser's history. */
export function go(change: Partial<Address>): void {
  const next = { ...address.value, nowhere: '', ...change };
  const url = hrefOf(next);
  if (url !== location.href) history.pushState(null, '', url);
  address.value = next;
}

/** Of the page of the API. */
export const apiHref: string = new URL('docs', baseUrl).href;

export function hrefOf({ view, line, last, bars, label }: Address): string {
  const url = new URL(`console/${view}`, baseUrl);
  if (line !== '') url.searchParams.set('q', line);
  if (last !== lastDefault) url.searchParams.set('last', last);
  if (bars !== '') url.searchParams.set('bars', bars);
  if (label !== '') url.searchParams.set('label', label);
  return url.href;
}

function read(): Address {
  const { pathname, searchParams } = new URL(location.href);
  const named = pathname.slice(new URL(baseUrl).pathname.length).replace(/^console\/?/, '');
  const last = searchParams.get('last') ?? '';
  return {
    view: views.find((view) => view === named) ?? 'live',
    nowhere: ['', ...views].includes(named) ? '' : pathname,
    line: searchParams.get('q') ?? '',
    last: /^\d{1,4}[smhd]$/.test(last) ? last : lastDefault,
    bars: searchParams.get('bars') ?? '',
    label: searchParams.get('label') ?? '',
  };
}
