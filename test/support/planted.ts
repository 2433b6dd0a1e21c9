/**
 * Layers z = σ(Wz + b) with planted kinks. All numbers are multiples of small powers of two, so that z, the
 * pre-activation and its kinks are exact in float32 too. b is computed last, as the pre-activation − Wz.
 */

import { expect } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { random } from '../../src/data/random.ts';
import { type Engine, monotoneFixedPoint, type Tensor } from '../../src/index.ts';
import type { ActivationOption } from '../../src/solvers/activations.ts';
import { denseSolve, matmul, relativeError } from './numbers.ts';

/** An activation with kinks; its values at dyadic numbers are dyadic. */
interface BentActivation {
  readonly option: ActivationOption;
  readonly kinks: readonly number[];
  readonly value: (p: number) => number;
  /** The slopes to the left and to the right of p. */
  readonly slopes: (p: number) => readonly [number, number];
  /** The activation as a user calls it. */
  readonly apply: (p: Tensor, options: { selection?: number }) => Tensor;
}

const slopesOnBothSides =
  (slope: (p: number) => number) =>
  (p: number): readonly [number, number] => [slope(p - 1e-9), slope(p + 1e-9)];

export const BENT: Readonly<Record<'relu' | 'softThreshold' | 'clip' | 'leakyRelu', BentActivation>> = {
  relu: {
    option: 'relu',
    kinks: [0],
    value: (p) => Math.max(p, 0),
    slopes: slopesOnBothSides((p) => (p > 0 ? 1 : 0)),
    apply: (p, options) => p.relu(options),
  },
  softThreshold: {
    option: { name: 'softThreshold', threshold: 0.25 },
    kinks: [-0.25, 0.25],
    value: (p) => Math.sign(p) * Math.max(Math.abs(p) - 0.25, 0),
    slopes: slopesOnBothSides((p) => (Math.abs(p) > 0.25 ? 1 : 0)),
    apply: (p, options) => p.softThreshold(0.25, options),
  },
  clip: {
    option: { name: 'clip', low: -0.5, high: 1 },
    kinks: [-0.5, 1],
    value: (p) => Math.min(Math.max(p, -0.5), 1),
    slopes: slopesOnBothSides((p) => (p > -0.5 && p < 1 ? 1 : 0)),
    apply: (p, options) => p.clip(-0.5, 1, options),
  },
  leakyRelu: {
    option: { name: 'leakyRelu', slope: 0.25 },
    kinks: [0],
    value: (p) => (p > 0 ? p : p / 4),
    slopes: slopesOnBothSides((p) => (p > 0 ? 1 : 0.25)),
    apply: (p, options) => p.leakyRelu(0.25, options),
  },
};

export interface PlantedLayer {
  readonly n: number;
  readonly batch: number;
  readonly activation: BentActivation;
  /** I − (W + Wᵀ)/2 ⪰ margin·I, strictly. */
  readonly margin: number;
  readonly W: number[];
  readonly b: number[];
  readonly z: number[];
  readonly v: number[];
  readonly preActivation: number[];
  /** For each sample the units at a kink. */
  readonly kinks: readonly (readonly number[])[];
}

interface PlantedOptions {
  readonly n: number;
  readonly batch: number;
  readonly seed: number;
  readonly activation?: keyof typeof BENT;
  /** The size of W: 1 gives it a norm of about 1. */
  readonly spread?: number;
  /** The share of units at a kink. */
  readonly share?: number;
}

/** The distance that the other units keep from kinks. */
const CLEAR = 0.125;

export function createPlantedLayer(options: PlantedOptions): PlantedLayer {
  const { n, batch, seed, activation: name = 'relu', spread = 1, share = 0.3 } = options;
  const activation = BENT[name];
  const draws = random(seed);
  const dyadic = (size: number, unit: number): number => Math.round((size * draws.normal()) / unit) * unit;
  // S is skew and D diagonally dominant: I − (W + Wᵀ)/2 ⪰ margin·I by Gershgorin's circles, exactly.
  const W = new Array<number>(n * n).fill(0);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const skew = dyadic(spread / Math.sqrt(n), 1 / 32);
      const even = dyadic(spread / n / 4, 1 / 64);
      W[i * n + j] = even + skew;
      W[j * n + i] = even - skew;
    }
  }
  const margin = 0.25;
  for (let i = 0; i < n; i++) {
    let radius = 0;
    for (let j = 0; j < n; j++) if (j !== i) radius += Math.abs(W[i * n + j] + W[j * n + i]) / 2;
    W[i * n + i] = 1 - margin - radius - Math.abs(dyadic(spread / 4, 1 / 64));
  }
  const isClear = (p: number): boolean => activation.kinks.every((kink) => Math.abs(p - kink) > CLEAR);
  const preActivation: number[] = [];
  const kinks: number[][] = [];
  for (let sample = 0; sample < batch; sample++) {
    const own: number[] = [];
    for (let unit = 0; unit < n; unit++) {
      if (draws.uniform() < share || (unit === n - 1 && own.length === 0)) {
        own.push(unit);
        preActivation.push(activation.kinks[Math.floor(draws.uniform() * activation.kinks.length)]);
      } else {
        let p = 0;
        do p = dyadic(1, 1 / 16);
        while (!isClear(p));
        preActivation.push(p);
      }
    }
    kinks.push(own);
  }
  const z = preActivation.map(activation.value);
  const b = preActivation.map((p, at) => {
    const sample = Math.floor(at / n);
    return p - matmul(W.slice((at % n) * n, (at % n) * n + n), z.slice(sample * n, sample * n + n), 1, n, 1)[0];
  });
  return {
    n,
    batch,
    activation,
    margin,
    W,
    b,
    z,
    v: preActivation.map(() => dyadic(1, 1 / 8)),
    preActivation,
    kinks,
  };
}

/** ∂(Σ v∘z)/∂b with (1 − q)·min + q·max at the kinks, from (I − JW)ᵀu = v. */
function plantedGradient({ n, batch, W, v, preActivation, activation }: PlantedLayer, q: number): number[] {
  const gradient: number[] = [];
  for (let sample = 0; sample < batch; sample++) {
    const part = (x: readonly number[]): number[] => x.slice(sample * n, (sample + 1) * n);
    const d = part(preActivation).map((p) => {
      const [low, high] = [...activation.slopes(p)].sort((a, b) => a - b);
      return (1 - q) * low + q * high;
    });
    const matrix = W.map((_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return (i === j ? 1 : 0) - d[j] * W[j * n + i];
    });
    const u = denseSolve(matrix, part(v), n);
    gradient.push(...u.map((x, unit) => d[unit] * x));
  }
  return gradient;
}

/** ‖found − true‖/‖true‖ for the gradient of a selection. */
export function gradientErrorOf(layer: PlantedLayer, q: number, found: ArrayLike<number>): number {
  return relativeError(found, plantedGradient(layer, q));
}

/** The library's solution of the layer, ∂(Σ v∘z)/∂b, and the certificate that comes with the gradient. */
export async function solveLayer(
  engine: Engine,
  { n, batch, W, b, v, margin, activation }: PlantedLayer,
  options: { tolerance: number; selection?: number },
) {
  const tape = new Tape();
  const weights = tape.watch(engine.tensor(W, [n, n]));
  const bias = tape.watch(engine.tensor(b, [batch, n]));
  const solution = monotoneFixedPoint(weights, bias, {
    ...{ activation: activation.option, margin, backwardTolerance: engine.epsilon * 100, onFailure: 'report' },
    ...options,
  });
  const [gradient] = tape.pullback(solution.z, [bias], engine.tensor(v, [batch, n]));
  const found = await gradient.data();
  const { certificate } = await solution.backwardReports[0];
  return { solution, gradient: found, certificate };
}

const WIDTHS = [2, 5, 12];
const TOLERANCES = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12];

/** Checks one layer drawn by the seed: the gradient for each selection, and the kinks at which it was taken. */
export async function checkPlantedLayer(engine: Engine, seed: number): Promise<void> {
  const draws = random(seed);
  const pick = <One>(from: readonly One[]): One => from[draws.integer(from.length)];
  const activation = pick(Object.keys(BENT) as (keyof typeof BENT)[]);
  const layer = createPlantedLayer({
    ...{ n: pick(WIDTHS), batch: 2, seed, activation },
    spread: pick([0.5, 1, 2, 4]),
  });
  const tolerance = pick(TOLERANCES);
  const what = `seed ${seed}, n ${layer.n}, tolerance ${tolerance}, ${activation}`;
  for (const selection of [0, 0.5, 1]) {
    const { gradient, certificate, solution } = await solveLayer(engine, layer, { tolerance, selection });
    expect(gradientErrorOf(layer, selection, gradient), what).toBeLessThan(1e4 * engine.epsilon);
    expect(kinkPlaces(certificate.kinks), what).toEqual(plantedPlaces(layer));
    solution.dispose();
  }
}

/** The sample and the unit of each kink. */
export function kinkPlaces(kinks: readonly { sample: number | undefined; index: number }[]): (number | undefined)[][] {
  return kinks.map(({ sample, index }) => [sample, index]);
}

export function plantedPlaces({ kinks }: PlantedLayer): number[][] {
  return kinks.flatMap((own, sample) => own.map((unit) => [sample, unit]));
}
