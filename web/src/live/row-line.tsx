/** One row of the list: an event, which opens in place, or a line between events. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import { resourceIdLabel } from '../../../schemas/event.ts';
import type { AnsweredEvent } from '../../../schemas/wire.ts';
import { isUtc } from '../base/preferences.ts';
import { clockText, timeText, visible } from '../base/text.ts';
import { EventDetail } from '../event/event-detail.tsx';
import type { LiveFeed } from './feed.ts';
import type { EventRow, MarkRow, Row } from './rows.ts';
import { type Selection, toggle } from './selection.ts';

interface RowProps {
  readonly row: Row;
  readonly feed: LiveFeed;
  readonly selection: Selection;
  /** In pixels. */
  readonly top: number;
  /** Its place in the list, from 1, and how many there are. */
  readonly at: number;
  readonly of: number;
}

export function RowLine({ row, top, at, of, feed, selection }: RowProps) {
  return (
    <article class="row" style={{ transform: `translateY(${top}px)` }} aria-posinset={at} aria-setsize={of}>
      {row.kind === 'event' ? (
        <EventLine row={row} feed={feed} selection={selection} />
      ) : (
        <MarkLine row={row} feed={feed} />
      )}
    </article>
  );
}

function MarkLine({ row, feed }: { readonly row: MarkRow; readonly feed: LiveFeed }) {
  const { from } = row;
  return (
    <p class={`mark mark-${row.kind}`}>
      <span>{visible(row.sentence)}</span>
      {from !== undefined && (
        <button type="button" onClick={() => feed.loadFrom(from)}>
          Load them
        </button>
      )}
    </p>
  );
}

function EventLine({ row, feed, selection }: { row: EventRow; feed: LiveFeed; selection: Selection }) {
  const event: AnsweredEvent = JSON.parse(row.message.text);
  const isOpen = selection.open.value === row.nr;
  const isCurrent = selection.current.value === row.nr;
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    if (isCurrent && document.activeElement !== button.current) button.current?.focus({ preventScroll: true });
  }, [isCurrent]);
  return (
    <>
      <button
        {...{ type: 'button', class: `line${isCurrent ? ' current' : ''}`, ref: button }}
        tabIndex={isCurrent || selection.current.value === null ? 0 : -1}
        aria-expanded={isOpen}
        onClick={() => toggle(feed, selection, row.nr)}
      >
        <time dateTime={event.occurred} title={timeText(event.occurred, isUtc.value)}>
          {clockText(event.occurred, isUtc.value)}
        </time>
        <span class="name">{visible(event.event)}</span>
        <span class="resource">{visible(event.resource[resourceIdLabel] ?? '')}</span>
        <span class="more">{visible(moreOf(event))}</span>
      </button>
      {isOpen && <OpenRow row={row} selection={selection} />}
    </>
  );
}

function OpenRow({ row, selection }: { readonly row: EventRow; readonly selection: Selection }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = (): void => {
      selection.openHeight.value = element.offsetHeight;
    };
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    measure();
    return () => {
      sizes.disconnect();
      selection.openHeight.value = 0;
    };
  }, [row]);
  return (
    <div ref={box}>
      <EventDetail text={row.message.text} />
    </div>
  );
}

const moreCharactersMax = 300;

/** What else there is of it, as far as a line holds. */
function moreOf({ resource, payload }: AnsweredEvent): string {
  const labels = Object.entries(resource).flatMap(([key, value]) =>
    key === resourceIdLabel ? [] : [`${key}=${value}`],
  );
  const rest = JSON.stringify(payload);
  return `${labels.join(' ')} ${rest === '{}' ? '' : rest}`.slice(0, moreCharactersMax);
}
