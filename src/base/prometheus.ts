/**
 * Writes metrics in Prometheus's text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */
import type { HistogramReading } from './histogram.ts';

export const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

export type MetricLabels = Readonly<Record<string, string>>;
export type Sample = readonly [labels: MetricLabels, value: number];

export interface MetricsPage {
  counter(name: string, help: string, value: number | readonly Sample[]): void;
  gauge(name: string, help: string, value: number | readonly Sample[]): void;
  histogram(name: string, help: string, reading: HistogramReading): void;
  readonly text: string;
}

/** Names come without `sluice_`; a counter's ends in `_total`. */
export function createMetricsPage(): MetricsPage {
  const lines: string[] = [];

  function family(type: string, name: string, help: string): void {
    lines.push(`# HELP sluice_${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`);
    lines.push(`# TYPE sluice_${name} ${type}`);
  }

  function sample(name: string, labels: MetricLabels, value: number): void {
    lines.push(`sluice_${name}${labelText(labels)} ${numberText(value)}`);
  }

  function plain(type: string, name: string, help: string, value: number | readonly Sample[]): void {
    family(type, name, help);
    const samples: readonly Sample[] = typeof value === 'number' ? [[{}, value]] : value;
    for (const [labels, each] of samples) sample(name, labels, each);
  }

  return {
    counter: (name, help, value) => plain('counter', name, help, value),
    gauge: (name, help, value) => plain('gauge', name, help, value),
    histogram(name, help, { boundsSeconds, counts, sumSeconds, count }) {
      family('histogram', name, help);
      let sum = 0;
      boundsSeconds.forEach((bound, at) => {
        sum += counts[at] ?? 0;
        sample(`${name}_bucket`, { le: String(bound) }, sum);
      });
      sample(`${name}_bucket`, { le: '+Inf' }, count);
      sample(`${name}_sum`, {}, sumSeconds);
      sample(`${name}_count`, {}, count);
    },
    get text() {
      return `${lines.join('\n')}\n`;
    },
  };
}

function labelText(labels: MetricLabels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
