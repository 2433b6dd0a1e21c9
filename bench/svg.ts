/** The parts that all drawings share: a page that is legible on light and on dark grounds, scales, and colours. */

/** The position of a value between the beginning (0) and the end (1). */
export type Scale = (value: number) => number;

export const linear =
  (low: number, high: number): Scale =>
  (value) =>
    Math.min(Math.max((value - low) / (high - low), 0), 1);

export const logarithmic =
  (low: number, high: number): Scale =>
  (value) =>
    linear(Math.log10(low), Math.log10(high))(Math.log10(value));

/** Powers of ten that enclose the values: from the last one below them to the first one above them. */
export function decades(values: readonly number[]): number[] {
  const [low, high] = [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
  return Array.from({ length: Math.max(high - low, 1) + 1 }, (_, index) => 10 ** (low + index));
}

export function escapeMarkup(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
}

/** @param body elements, which may use the classes grid and faint */
export function pageOf(width: number, height: number, caption: string, body: readonly string[]): string {
  const text = escapeMarkup(caption);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${text}" font-family="system-ui, sans-serif" font-size="12">
<style>.page { fill: #ffffff } text { fill: #24292f } .grid { stroke: #8884 } @media (prefers-color-scheme: dark) { .page { fill: #0d1117 } text { fill: #e6edf3 } }</style>
<rect class="page" width="100%" height="100%"/>
<text x="50" y="20" font-size="14" font-weight="600">${text}</text>
${body.join('\n')}
</svg>
`;
}
