import type { OperandLayout } from './kernels.ts';

/**
 * The same elements with as few axes as the layouts allow: neighbouring axes become one where every operand runs
 * through both at one stride. Axes of extent 1 pad the shape in front to four axes, so that the last axis is as long as
 * it can be.
 */
export function joinAxes(
  shape: readonly number[],
  layouts: readonly OperandLayout[],
): { shape: number[]; layouts: OperandLayout[] } {
  const axes: { extent: number; strides: number[] }[] = [];
  for (const [axis, extent] of shape.entries()) {
    if (extent === 1) continue;
    const strides = layouts.map((layout) => layout.strides[axis]);
    const above = axes.at(-1);
    if (above?.strides.every((stride, operand) => stride === strides[operand] * extent)) {
      above.extent *= extent;
      above.strides = strides;
    } else axes.push({ extent, strides });
  }
  while (axes.length < 4) axes.unshift({ extent: 1, strides: layouts.map(() => 1) });
  return {
    shape: axes.map(({ extent }) => extent),
    layouts: layouts.map(({ offset }, operand) => {
      const [s0, s1, s2, s3] = axes.map(({ strides }) => strides[operand]);
      return { offset, strides: [s0, s1, s2, s3] };
    }),
  };
}
