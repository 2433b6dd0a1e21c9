/** Chooses the penalty of sparse logistic regression by cross-validation, and judges it on other patients. */
import { crossValidation, type Engine, type SparseTuneResult, tuneSparseModel } from '../../src/index.ts';
import type { Patients } from './patients.ts';

export interface Choice {
  readonly result: SparseTuneResult;
  /** The measurements in use. */
  readonly used: readonly number[];
}

export async function choose(engine: Engine, patients: Patients, folds: number): Promise<Choice> {
  const { count, measurements, values, kinds } = patients;
  const [X, y] = [engine.tensor(values, [count, measurements]), engine.tensor(kinds)];
  try {
    const criterion = crossValidation({ folds });
    const result = await tuneSparseModel({ X, y, loss: 'logistic', intercept: true, criterion });
    return { result, used: [...result.beta.keys()].filter((place) => result.beta[place] !== 0) };
  } finally {
    for (const tensor of [X, y]) tensor.dispose();
  }
}

/** The share of patients whose kind the model tells. */
export function accuracyOf(
  { beta, intercept }: SparseTuneResult,
  { count, measurements, values, kinds }: Patients,
): number {
  let right = 0;
  for (let patient = 0; patient < count; patient++) {
    let margin = intercept[0];
    for (let place = 0; place < measurements; place++) margin += beta[place] * values[patient * measurements + place];
    if (Math.sign(margin) === kinds[patient]) right += 1;
  }
  return right / count;
}
