/** An event, whole: its resource, its related resources, its payload, each part a term of the filter. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { resourceIdLabel as idKey, type Labels, resourceRoleLabel as roleKey } from '../../../schemas/event.ts';
import type { AnsweredEvent } from '../../../schemas/wire.ts';
import { go } from '../base/address.ts';
import { isNewestAbove, isUtc } from '../base/preferences.ts';
import { timeText, visible } from '../base/text.ts';
import { fieldTerm, followLine, labelTerm, relatedTerm } from '../filter/terms.ts';
import { PayloadTree } from './payload-tree.tsx';
import { TermButtons } from './term-buttons.tsx';

export function EventDetail({ text }: { readonly text: string }) {
  const event: AnsweredEvent = useMemo(() => JSON.parse(text), [text]);
  const id = event.resource[idKey] ?? '';
  return (
    <div class="detail">
      <div class="actions">
        <Copy text={text} />
        <button type="button" onClick={() => follow(id, event.occurred)}>
          What follows this
        </button>
      </div>
      <table>
        <caption>Event</caption>
        <tbody>
          <Field name="event" value={event.event} term={fieldTerm('event', event.event)} isDeniable />
          <Field name="occurred" value={timeText(event.occurred, isUtc.value)} />
          <Field name="received" value={timeText(event.received, isUtc.value)} />
          <Field name="id" value={event.id} term={fieldTerm('id', event.id)} />
          {event.follows != null && (
            <Field name="follows" value={event.follows} term={fieldTerm('id', event.follows)} />
          )}
        </tbody>
      </table>
      <LabelsTable caption="Resource" labels={event.resource} />
      {(event.related ?? []).map((labels) => (
        <LabelsTable caption="Related" labels={labels} term={relatedTerm(labels[idKey] ?? '', labels[roleKey])} />
      ))}
      <PayloadTree text={text} />
    </div>
  );
}

/** Oldest first: what came next stands below. */
function follow(resourceId: string, occurred: string): void {
  isNewestAbove.value = false;
  go({ view: 'live', line: followLine(resourceId, occurred) });
}

/** `term`: of a related resource, which is one entry of the filter as a whole. */
function LabelsTable(props: { readonly caption: string; readonly labels: Labels; readonly term?: string }) {
  const { caption, labels, term } = props;
  return (
    <table>
      <caption>{caption}</caption>
      <tbody>
        {Object.entries(labels).map(([key, value]) => {
          if (term !== undefined) return <Field name={key} value={value} {...(key === idKey && { term })} />;
          const own = key === idKey ? fieldTerm('resource', value) : labelTerm(key, value);
          return <Field name={key} value={value} term={own} isDeniable={key !== idKey} />;
        })}
      </tbody>
    </table>
  );
}

interface FieldProps {
  readonly name: string;
  readonly value: string;
  /** What the filter says of it. */
  readonly term?: string;
  /** The filter can say that it is not so. */
  readonly isDeniable?: boolean;
}

function Field({ name, value, term, isDeniable = false }: FieldProps) {
  return (
    <tr>
      <th scope="row">{visible(name)}</th>
      <td>
        {visible(value)}
        {term !== undefined && <TermButtons term={term} isDeniable={isDeniable} />}
      </td>
    </tr>
  );
}

function Copy({ text }: { readonly text: string }) {
  const said = useSignal('Copy as JSON');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      said.value = 'Copied';
    } catch {
      said.value = 'The browser does not allow it';
    }
  };
  return (
    <button type="button" onClick={() => void copy()} aria-live="polite">
      {said}
    </button>
  );
}
