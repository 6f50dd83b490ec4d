/**
 * The filters that load makers subscribe with, and which events of an EventTemplate each of them gets.
 */
import { resourceText } from './event-template.ts';

/**
 * `one`: all subscribers the same, every event; `ten`: ten filters, each a tenth of the events; `own`: each its own,
 * one resource; `text`: the same, by a text that only that resource's events hold; `half`: event name prefix and one
 * label that every other event has; `mixed`: each its own, of every kind of condition, and one in a thousand events for
 * the first of them only.
 */
export type FilterKind = 'one' | 'ten' | 'own' | 'text' | 'half' | 'mixed';

export interface Share {
  /** The number of the first event that a subscriber gets, and from one to the next. */
  readonly first: number;
  readonly stride: number;
}

export function filterOf(kind: FilterKind, prefix: string, index: number, resources: number): object {
  switch (kind) {
    case 'one':
      return { event: { prefix: [`${prefix}.`] } };
    case 'ten':
      return { event: { name: [`${prefix}.event.${index % 10}`] } };
    case 'own':
      return { resource: { id: [`${prefix}.resource.${resourceText(index % resources, resources)}`] } };
    case 'text':
      return { text: { query: `${prefix}.resource.${resourceText(index % resources, resources)}` } };
    case 'half':
      return { event: { prefix: [`${prefix}.`] }, resource: { labels: { region: ['eu-west', 'ap-east'] } } };
    case 'mixed':
      return index === 0 ? filterOf('own', prefix, 0, resources) : mixedFilter(prefix, index);
    default:
      return kind satisfies never;
  }
}

/** Null: none of the load's events. */
export function shareOf(kind: FilterKind, index: number, resources: number): Share | null {
  switch (kind) {
    case 'one':
      return { first: 0, stride: 1 };
    case 'ten':
      return { first: index % 10, stride: 10 };
    case 'own':
    case 'text':
      return { first: index % resources, stride: resources };
    case 'half':
      return { first: 0, stride: 2 };
    case 'mixed':
      return index === 0 ? { first: 0, stride: resources } : null;
    default:
      return kind satisfies never;
  }
}

/** How many events of `events` a share holds. */
export function countOf(share: Share | null, events: number): number {
  return share === null ? 0 : Math.max(0, Math.ceil((events - share.first) / share.stride));
}

/**
 * As people write them: by run id, label, related, prefix, glob; each shares some of its words with the load's events.
 */
function mixedFilter(prefix: string, index: number): object {
  switch (index % 7) {
    case 0:
      return { resource: { id: [`${prefix}.resource.run-${index}`] } };
    case 1:
      return { event: { prefix: [`${prefix}.`] }, resource: { labels: { region: [`region-${index}`] } } };
    case 2:
      return { related: { id: [`${prefix}.owner.${index}`], role: ['owner'] } };
    case 3:
      return { resource: { labels: { 'prefect.resource.name': [`job-${index}-*`] } } };
    case 4:
      return { resource: { id_prefix: [`${prefix}.deployment-${index}.`] } };
    case 5:
      return { event: { name: [`${prefix}.finished.${index}`] }, resource: { labels: { region: ['eu-*'] } } };
    default:
      return { any_resource: { id: [`${prefix}.queue.${index}`] } };
  }
}
