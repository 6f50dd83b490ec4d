/**
 * Points over whole numbers as SVG, without a library: for the documents.
 */
const [width, height] = [760, 260];
const [left, right, top, bottom] = [60, 20, 40, 40];

export interface Series {
  readonly name: string;
  readonly color: string;
  /** By x, from 0 on. */
  readonly values: readonly number[];
}

/** The scale of y begins at 0. */
export function pointsOf(title: string, xName: string, series: readonly Series[]): string {
  const highest = Math.max(...series.flatMap(({ values }) => values)) * 1.1;
  const count = Math.max(...series.map(({ values }) => values.length));
  const xOf = (at: number): number => Math.round(left + (at / (count - 1)) * (width - left - right));
  const yOf = (value: number): number => Math.round(height - bottom - (value / highest) * (height - top - bottom));
  const marks = Array.from({ length: Math.ceil(count / 4) }, (_, nth) => nth * 4);
  const ofX = marks.map((at) => `  <text x="${xOf(at)}" y="${height - 22}" text-anchor="middle">${at}</text>`);
  const ofY = [0, highest / 2.2, highest / 1.1].map(
    (value) => `  <text x="${left - 8}" y="${yOf(value) + 4}" text-anchor="end">${value.toFixed(1)}</text>`,
  );
  const points = series.flatMap(({ values, color }) =>
    values.map((value, at) => `  <circle cx="${xOf(at)}" cy="${yOf(value)}" r="3" fill="${color}"/>`),
  );
  const legend = series.map(
    ({ name, color }, nth) => `  <text x="${left + 8}" y="${top + 12 + nth * 16}" fill="${color}">${name}</text>`,
  );
  const size = `width="${width}" height="${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="12">
  <rect width="100%" height="100%" fill="#ffffff"/>
  <text x="10" y="22" font-weight="bold" font-size="13">${title}</text>
  <line x1="${left}" y1="${yOf(0)}" x2="${width - right}" y2="${yOf(0)}" stroke="#888888"/>
${[...ofX, ...ofY, ...points, ...legend].join('\n')}
  <text x="${width / 2}" y="${height - 6}" text-anchor="middle">${xName}</text>
</svg>
`;
}
