/** Points on two spirals: no line separates them. */
export interface Spirals {
  /** count × 2, row-major. */
  readonly points: Float32Array;
  /** 0 or 1 for each point. */
  readonly labels: Float32Array;
  readonly count: number;
}

export function drawSpirals(count: number): Spirals {
  const points = new Float32Array(2 * count);
  const labels = new Float32Array(count);
  for (let index = 0; index < count; index++) {
    const arm = index % 2;
    const distance = 0.3 + (1.7 * index) / count;
    const angle = 2 * distance + Math.PI * arm;
    points.set([distance * Math.cos(angle), distance * Math.sin(angle)], 2 * index);
    labels[index] = arm;
  }
  return { points, labels, count };
}
