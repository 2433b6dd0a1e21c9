/** The Lasso cases: argmin ½‖y − Xβ‖² + λ‖β‖₁ along a path of λ, and over folds. */
import { type Random, random } from '../src/data/random.ts';
import type { Numbers } from './problems.ts';

export interface LassoSize {
  readonly samples: number;
  readonly features: number;
}

export interface GeneratedLasso {
  readonly X: Numbers; // [samples, features]
  readonly y: Numbers; // [samples]
}

interface LassoCase {
  readonly title: string;
  readonly sizes: readonly LassoSize[];
  /** The number of λ, in equal ratios from the largest one that leaves a coefficient down to a thousandth of it. */
  readonly lambdas: number;
  /** Folds of a cross-validation, where all folds and λ form one batch; 1 where all samples are used. */
  readonly folds: number;
  /** The largest accepted duality gap at any λ, relative to ½‖y‖². */
  readonly gap: number;
}

const SIZES: readonly LassoSize[] = [
  { samples: 442, features: 10 },
  { samples: 500, features: 2000 },
  { samples: 2000, features: 10000 },
];

export const LASSO_CASES = {
  path: { title: 'path of 100 λ', sizes: SIZES, lambdas: 100, folds: 1, gap: 1e-6 },
  folds: { title: '5 folds × 100 λ', sizes: SIZES.slice(0, 2), lambdas: 100, folds: 5, gap: 1e-6 },
} as const satisfies Record<string, LassoCase>;

/** ACTIVE is the share of features that y depends on, NOISE the share of its standard deviation that is noise. */
const ACTIVE = 0.05;
const NOISE = 0.1;
/** Correlation of neighbouring features. */
const CORRELATION = 0.5;

/** Rows of an autoregressive design, standard normal in each feature; y = Xβ + noise, with a sparse β. */
export function lassoProblem({ samples, features }: LassoSize): GeneratedLasso {
  const generator = random(0).fork(`lasso ${samples} ${features}`);
  const X = new Float32Array(samples * features);
  for (let row = 0; row < samples; row++) fillRow(generator, X.subarray(row * features, (row + 1) * features));
  const count = Math.max(Math.round(ACTIVE * features), 3);
  const active = Array.from({ length: count }, () => generator.integer(features));
  const coefficients = active.map(() => generator.normal());
  const y = Float32Array.from({ length: samples }, (_, row) => {
    const signal = active.reduce((sum, feature, index) => sum + X[row * features + feature] * coefficients[index], 0);
    return signal + NOISE * Math.sqrt(count) * generator.normal();
  });
  return { X, y };
}

function fillRow(generator: Random, row: Numbers): void {
  const own = Math.sqrt(1 - CORRELATION ** 2);
  for (let feature = 0; feature < row.length; feature++) {
    const before = feature === 0 ? generator.normal() : row[feature - 1];
    row[feature] = CORRELATION * before + own * generator.normal();
  }
}
