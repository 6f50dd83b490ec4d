/** Numbers as pictures: a bar for each, or a sparkline for all. */

const blocks = '▁▂▃▄▅▆▇█';
const eighths = ' ▏▎▍▌▋▊▉█';

/** At most `columns` wide, in eighths of a column; what is above nothing is seen. */
export function bar(value: number, largest: number, columns: number): string {
  if (value <= 0 || largest <= 0 || columns < 1) return '';
  const parts = Math.max(1, Math.round((value / largest) * columns * 8));
  const rest = parts % 8;
  return '█'.repeat(Math.floor(parts / 8)) + (rest === 0 ? '' : (eighths[rest] ?? ''));
}

/** One character a value; of more values than columns, each character has the largest of its share. */
export function sparkline(values: readonly number[], columns: number): string {
  const count = Math.min(values.length, Math.max(1, columns));
  const shares = Array.from({ length: count }, (_, at) => {
    const from = Math.floor((at * values.length) / count);
    const to = Math.max(from + 1, Math.floor(((at + 1) * values.length) / count));
    return values.slice(from, to).reduce((most, value) => Math.max(most, value), 0);
  });
  const largest = shares.reduce((most, value) => Math.max(most, value), 0);
  return shares
    .map((value) => (value <= 0 ? ' ' : (blocks[Math.min(7, Math.floor((value / largest) * 7.999))] ?? '')))
    .join('');
}
