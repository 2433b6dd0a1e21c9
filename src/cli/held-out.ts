/** Evaluates a model on the held-out rows, and says the outcome in words. */
import { type Evaluation, evaluate, type Model, type RegressionEvaluation } from '../index.ts';
import { formatAccuracy, formatErrors } from './progress.ts';
import { countRight } from './report/page.ts';
import type { TrainingData } from './training-data.ts';

export type HeldOut = Evaluation | RegressionEvaluation;

export function evaluateHeldOut(model: Model, data: TrainingData): Promise<HeldOut> {
  return data.task === 'regression' ? evaluate(model, data.dataset.test) : evaluate(model, data.dataset.test);
}

export function describeEvaluation(data: TrainingData, evaluation: HeldOut): string[] {
  const isWeighted = data.dataset.test.weights !== undefined;
  if (data.task === 'regression') {
    return formatErrors(evaluation as RegressionEvaluation, data.dataset.targetNames, isWeighted);
  }
  const found = evaluation as Evaluation;
  return [formatAccuracy(found, countRight(found), isWeighted)];
}
