/**
 * Horizontal bars as SVG, without a library: for docs/PERFORMANCE.md.
 */
const width = 760;
const rowHeight = 26;
const labelWidth = 300;
const top = 40;
const numberWidth = 70;

export function barsOf(
  title: string,
  unit: string,
  rows: readonly { readonly name: string; readonly value: number }[],
): string {
  const longest = Math.max(...rows.map(({ value }) => value));
  const room = width - labelWidth - numberWidth;
  const bars = rows.map(({ name, value }, at) => {
    const y = top + at * rowHeight;
    const length = Math.max(1, Math.round((value / longest) * room));
    return `  <text x="${labelWidth - 8}" y="${y + 15}" text-anchor="end">${escaped(name)}</text>
  <rect x="${labelWidth}" y="${y}" width="${length}" height="${rowHeight - 8}" fill="#3b7dd8"/>
  <text x="${labelWidth + length + 6}" y="${y + 15}">${value}</text>`;
  });
  const size = `width="${width}" height="${top + rows.length * rowHeight + 10}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="13">
  <rect width="100%" height="100%" fill="#ffffff"/>
  <text x="10" y="22" font-weight="bold">${escaped(`${title}: ${unit}`)}</text>
${bars.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
