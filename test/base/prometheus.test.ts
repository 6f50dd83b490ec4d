/** The text of `/metrics` is what Prometheus reads: one family after the other, labels escaped, buckets cumulative. */
import { expect, test } from 'vitest';
import { Histogram } from '../../src/base/histogram.ts';
import { createMetricsPage } from '../../src/base/prometheus.ts';

test('a family is its help, its type and its samples', () => {
  const page = createMetricsPage();
  page.counter('events_total', 'Events.', 3);
  page.gauge('phase', 'Phases.', [
    [{ phase: 'a' }, 1],
    [{ phase: 'b' }, 0],
  ]);
  page.counter('refused_total', 'None yet.', []);
  expect(page.text).toBe(
    [
      '# HELP sluice_events_total Events.',
      '# TYPE sluice_events_total counter',
      'sluice_events_total 3',
      '# HELP sluice_phase Phases.',
      '# TYPE sluice_phase gauge',
      'sluice_phase{phase="a"} 1',
      'sluice_phase{phase="b"} 0',
      '# HELP sluice_refused_total None yet.',
      '# TYPE sluice_refused_total counter',
      '',
    ].join('\n'),
  );
});

test('quotes, backslashes and line feeds are escaped; what is no number is written as Prometheus spells it', () => {
  const page = createMetricsPage();
  page.gauge('odd', 'One\nline.', [
    [{ text: 'a"b\\c\nd' }, Number.NaN],
    [{}, Number.POSITIVE_INFINITY],
  ]);
  expect(page.text).toContain('# HELP sluice_odd One\\nline.\n');
  expect(page.text).toContain('sluice_odd{text="a\\"b\\\\c\\nd"} NaN\n');
  expect(page.text).toContain('sluice_odd +Inf\n');
});

test('the buckets of a histogram are cumulative, and the last one counts all', () => {
  const histogram = new Histogram([0.1, 1]);
  for (const seconds of [0.05, 0.1, 0.5, 3]) histogram.observe(seconds);
  const page = createMetricsPage();
  page.histogram('work_seconds', 'Work.', histogram.reading);
  expect(page.text.split('\n').slice(2)).toEqual([
    'sluice_work_seconds_bucket{le="0.1"} 2',
    'sluice_work_seconds_bucket{le="1"} 3',
    'sluice_work_seconds_bucket{le="+Inf"} 4',
    'sluice_work_seconds_sum 3.65',
    'sluice_work_seconds_count 4',
    '',
  ]);
});
