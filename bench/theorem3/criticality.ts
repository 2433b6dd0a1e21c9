/** Measures from gradients around a point how near the point is to being Clarke-critical. */
import { random } from '../../src/data/random.ts';

/**
 * The element of smallest norm in the convex hull of some vectors, by Frank-Wolfe steps that move weight from the worst
 * vector in use to the best one (pairwise steps: Lacoste-Julien & Jaggi 2015). The duality gap bounds its error.
 */
export function leastNorm(vectors: readonly (readonly number[])[]): number[] {
  const weights: number[] = vectors.map((_, index) => (index === 0 ? 1 : 0));
  let point = [...vectors[0]];
  for (let iteration = 0; iteration < 20_000; iteration++) {
    const products = vectors.map((vector) => dot(vector, point));
    let best = 0;
    let worst = -1;
    for (const [index, product] of products.entries()) {
      if (product < products[best]) best = index;
      if (weights[index] > 0 && (worst < 0 || product > products[worst])) worst = index;
    }
    if (dot(point, point) - products[best] < 1e-10) break;
    const direction = vectors[best].map((x, i) => x - vectors[worst][i]);
    const share = Math.min(weights[worst], (products[worst] - products[best]) / dot(direction, direction));
    weights[best] += share;
    weights[worst] = share === weights[worst] ? 0 : weights[worst] - share;
    point = point.map((x, i) => x + share * direction[i]);
  }
  return point;
}

/** Gradients at random points of a ball. */
interface Sampling {
  readonly radius: number;
  readonly points: number;
  readonly seed: number;
}

/**
 * The distance of 0 to the convex hull of gradients at random points of a ball. It is an upper bound on the distance of
 * 0 to Goldstein's subdifferential of that radius (Burke, Lewis & Overton 2005 descend along it). Almost every point of
 * the ball has a gradient, so a kink inside the ball shows up as gradients that differ.
 */
export async function distanceToCritical(
  gradientAt: (point: number[]) => Promise<number[]>,
  centre: readonly number[],
  sampling: Sampling,
): Promise<{ distance: number; smallestGradient: number }> {
  const gradients = await sampleGradients(gradientAt, centre, sampling);
  const lengths = gradients.map((gradient) => Math.hypot(...gradient));
  return { distance: Math.hypot(...leastNorm(gradients)), smallestGradient: Math.min(...lengths) };
}

/** The element of least norm of that hull: the direction in which gradients near the point agree most. */
export async function leastNormNear(
  gradientAt: (point: number[]) => Promise<number[]>,
  centre: readonly number[],
  sampling: Sampling,
): Promise<number[]> {
  return leastNorm(await sampleGradients(gradientAt, centre, sampling));
}

async function sampleGradients(
  gradientAt: (point: number[]) => Promise<number[]>,
  centre: readonly number[],
  { radius, points, seed }: Sampling,
): Promise<number[][]> {
  const generator = random(seed);
  const gradients: number[][] = [];
  for (let index = 0; index < points; index++) {
    const direction = centre.map(() => generator.normal());
    const length = (radius * generator.uniform() ** (1 / centre.length)) / Math.hypot(...direction);
    gradients.push(await gradientAt(centre.map((x, i) => x + length * direction[i])));
  }
  return gradients;
}

function dot(x: readonly number[], y: readonly number[]): number {
  return x.reduce((sum, value, index) => sum + value * y[index], 0);
}
