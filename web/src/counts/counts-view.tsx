/** Counts that stay live: events over time, and the largest names, resources and values of a label. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { address, go } from '../base/address.ts';
import { sentenceOf } from '../base/failure.ts';
import { Refusal } from '../base/refusal.tsx';
import { hasty } from '../base/session.ts';
import { countText, visible } from '../base/text.ts';
import { asked } from '../filter/asked.ts';
import { fieldTerm, labelTerm, replaceFields } from '../filter/terms.ts';
import { Chart } from './chart.tsx';
import { Export } from './export.tsx';
import { useLiveCount } from './live-count.ts';
import { Tops } from './tops.tsx';
import { barWidth, type CountWindow, filterOf, fittingWidths, lasts, unitsOf, windowOf } from './window.ts';

const topMax = 20;
const labelsMax = 200;

export function CountsView() {
  if (asked.value.refusal !== null) return <main class="counts" />;
  return <Counts />;
}

function Counts() {
  const { last, bars, label } = address.value;
  const window = windowOf(asked.value, last, Date.now());
  const width = barWidth(window.lengthMs, bars);
  const times = useLiveCount('time', window, unitsOf(width));
  const events = useLiveCount('event', window, { limit: topMax });
  const resources = useLiveCount('resource', window, { limit: topMax });
  const { found, failure } = times.value;
  const zoom = (sinceMs: number, untilMs: number): void => {
    const [since, until] = [sinceMs, untilMs].map((ms) => new Date(Math.round(ms)).toISOString());
    replaceFields(['since', 'until'], fieldTerm('since', since ?? ''), fieldTerm('until', until ?? ''));
  };
  return (
    <main class="counts">
      <WindowBar window={window} width={width.text} sum={found?.counts.reduce((sum, { count }) => sum + count, 0)} />
      <Refusal text={failure} />
      <Chart counts={found?.counts ?? []} widthMs={width.ms} zoom={zoom} />
      <div class="columns">
        <Tops title="Events" state={events} term={(value) => fieldTerm('event', value)} />
        <Tops title="Resources" state={resources} term={(value) => fieldTerm('resource', value)} />
        <div>
          <LabelChoice window={window} />
          {label !== '' && <LabelTops key={label} label={label} window={window} />}
        </div>
      </div>
      <Export window={window} />
    </main>
  );
}

function LabelTops({ label, window }: { readonly label: string; readonly window: CountWindow }) {
  const values = useLiveCount(`label:${label}`, window, { limit: topMax });
  return <Tops title={`Values of ${visible(label)}`} state={values} term={(value) => labelTerm(label, value)} />;
}

interface WindowBarProps {
  readonly window: CountWindow;
  /** Of the bars. */
  readonly width: string;
  /** Events; undefined while they are counted. */
  readonly sum: number | undefined;
}

function WindowBar({ window, width, sum }: WindowBarProps) {
  const isZoomed = window.last === null;
  return (
    <div class="bar">
      <p class="status status-calm" role="status">
        {sum === undefined ? 'Counting' : countText(sum, 'event')}
      </p>
      {isZoomed ? (
        <button type="button" onClick={() => replaceFields(['since', 'until'])}>
          Zoom out
        </button>
      ) : (
        <label>
          Last{' '}
          <select value={window.last ?? ''} onChange={(event) => go({ last: event.currentTarget.value })}>
            {[...new Set([...lasts, window.last ?? ''])].map((last) => (
              <option key={last} value={last}>
                {last}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        Bars of{' '}
        <select value={width} onChange={(event) => go({ bars: event.currentTarget.value })}>
          {fittingWidths(window.lengthMs).map(({ text }) => (
            <option key={text} value={text}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <span class="hint wide-only">Drag over the bars to zoom</span>
    </div>
  );
}

/** The labels that events of the window have. */
function LabelChoice({ window }: { readonly window: CountWindow }) {
  const names = useSignal<readonly string[]>([]);
  const { label } = address.value;
  const key = JSON.stringify([window.filter, window.last]);
  const client = hasty.value;
  useEffect(() => {
    const ending = new AbortController();
    const filter = filterOf(window, Date.now());
    client.count('label', filter, { limit: labelsMax, signal: ending.signal }).then(
      (found) => {
        names.value = found.map(({ value }) => value).filter((value) => value !== 'prefect.resource.id');
      },
      (error: unknown) => void sentenceOf(error),
    );
    return () => ending.abort();
  }, [key, client]);
  return (
    <label class="label-choice">
      <span>Label</span>{' '}
      <select value={label} onChange={(event) => go({ label: event.currentTarget.value })}>
        <option value="">none</option>
        {[...new Set([...names.value, ...(label === '' ? [] : [label])])].map((name) => (
          <option key={name} value={name}>
            {visible(name)}
          </option>
        ))}
      </select>
    </label>
  );
}
