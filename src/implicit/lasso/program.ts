/** The Programs of a Lasso: preparing X, the solve, and the linear solve for gradients or a tangent. */
import { DEFINITE_SOLVER } from '../../solvers/index.ts';
import {
  correlate,
  type Design,
  designOf,
  errorOf,
  predict,
  prefersGram,
  project,
} from '../../solvers/lasso/design.ts';
import { kinkToleranceOf, type LassoProblem, perProblem, preActivationOf } from '../../solvers/lasso/problem.ts';
import { solveLasso } from '../../solvers/lasso/solve.ts';
import { supportSystem } from '../../solvers/lasso/support.ts';
import { solveLinear } from '../../solvers/linear.ts';
import { asColumn } from '../../solvers/monitor.ts';
import type { Engine } from '../../tensor/engine.ts';
import { combine, elementwise, product, reduceAxes, reduceRows } from '../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../tensor/tensor.ts';
import type { LimitedRun } from '../run-limits.ts';
import { summarise, summariseLinear } from '../summary.ts';
import type { CheckedLasso } from './options.ts';
import { appendExtremes } from './ranges.ts';

/** X, centred if there is an intercept, and what is computed from it once; `Design` explains the names. */
export type Prepared = Readonly<Record<'X' | 'bound' | 'largest', Tensor> & Partial<Record<'gram' | 'masks', Tensor>>>;

/** The arguments that a solution can be differentiated in. */
export const VARIABLES = ['X', 'y', 'logLambda', 'weights', 'ridge'] as const;
export type Variable = (typeof VARIABLES)[number];
/** y [1 or batch, rows], logLambda and ridge [1] or [batch], weights [1 or batch, features]. */
export type Given = Readonly<Record<'y' | 'logLambda', Tensor> & Partial<Record<'weights' | 'ridge', Tensor>>>;

type Named = Readonly<Partial<Record<string, Tensor>>>;

/** Runs a Program on inputs by name, some of which may be undefined; `outputs` names its outputs in their order. */
function runNamed<Output extends string>(
  engine: Engine,
  key: string,
  inputs: Named,
  outputs: readonly Output[],
  build: (traced: Named, context: LoopContext) => Readonly<Record<Output, Tensor>>,
  run?: LimitedRun,
): Readonly<Record<Output, Tensor>> {
  const names = Object.keys(inputs).filter((name) => inputs[name] !== undefined);
  const given = names.map((name) => inputs[name] as Tensor);
  const made = (traced: Tensor[], context: LoopContext): Tensor[] => {
    const built = build(Object.fromEntries(names.map((name, index) => [name, traced[index]])), context);
    return outputs.map((name) => built[name]);
  };
  const results = engine.run(`${key} ${names.join()} ${outputs.join()}`, given, made, run);
  return Object.fromEntries(outputs.map((name, index) => [name, results[index]])) as Record<Output, Tensor>;
}

/**
 * Computes what all solves with X share.
 * @param batch expected number of problems: it decides whether forming XᵀX pays
 */
export function prepareDesign(
  engine: Engine,
  X: Tensor,
  masks: Tensor | undefined,
  intercept: boolean,
  batch: number,
): Prepared {
  const gram = prefersGram(X.shape[0], X.shape[1], batch, masks?.shape[0] ?? 1);
  const outputs = ['X', 'bound', 'largest', ...(gram ? (['gram'] as const) : [])] as const;
  const made = runNamed(engine, `lasso design ${intercept} ${gram}`, { X, masks }, outputs, (traced) => {
    const design = designOf(traced.X as Tensor, traced.masks, { intercept, gram });
    return design as Record<(typeof outputs)[number], Tensor>;
  });
  return { ...made, ...(masks && { masks }) };
}

/** The tensors that `prepareDesign` created; the masks belong to the caller. */
export function preparedTensors({ masks: _, ...made }: Prepared): Tensor[] {
  return Object.values(made);
}

/** Builds the problem of a Program from its inputs. */
function createProblem(
  traced: Named,
  context: LoopContext,
  { batch, rows, features, settings }: CheckedLasso,
): LassoProblem {
  const { X, bound, largest, gram, masks, y, logLambda, weights, ridge } = traced as Prepared & Given;
  const design: Design = { X, bound, largest, gram, masks, intercept: settings.intercept };
  const constant = (value: number, shape: readonly number[]): Tensor =>
    context.constant({ kind: 'fill', value }, shape);
  const zeros = constant(0, [batch, rows]);
  const centred = settings.intercept ? elementwise('subtract', [y, asColumn(meanOfRows(y))]) : y;
  const factor = asColumn(perProblem(elementwise('exp', [logLambda]), batch));
  return {
    design,
    y: elementwise('add', [zeros, centred]),
    penalty: elementwise('multiply', [factor, weights ?? constant(1, [1, features])]),
    ridge: ridge ? perProblem(ridge, batch) : constant(0, [batch]),
    isRidged: ridge !== undefined,
    nonNegative: settings.nonNegative,
  };
}

function meanOfRows(y: Tensor): Tensor {
  const [, rows] = y.shape;
  return elementwise('scale', [reduceRows('sum', [y])], [1 / rows, 0]);
}

const SOLUTION = ['beta', 'correlation', 'moment', 'penalty', 'kinkTolerance', 'gap', 'summary'] as const;
export type Solved = Readonly<Record<(typeof SOLUTION)[number], Tensor>>;
/** A solution without its report: what derivatives and certificates need. */
export type Optimum = Omit<Solved, 'gap' | 'summary'>;

/**
 * Solves the problems. correlation: Xᵀr − ρβ. penalty: t. kinkTolerance: of |hβ + correlation| − t. All are [batch,
 * features]. gap: [batch], and behind it the extremes of weights, ridge and masks.
 */
export function solveBatch(
  engine: Engine,
  checked: CheckedLasso,
  prepared: Prepared,
  given: Given,
  initial: Tensor | undefined,
  run: LimitedRun,
): Solved {
  const { batch, settings } = checked;
  const { solver, limit, intercept, kinkUnits, nonNegative } = settings;
  const key = `lasso ${solver} ${limit} ${intercept} ${kinkUnits} ${nonNegative} ${batch}`;
  const tolerance = engine.scalar(settings.tolerance);
  const inputs = { ...prepared, ...given, initial, tolerance };
  const build = (traced: Named, context: LoopContext): Solved => {
    const problem = createProblem(traced, context, checked);
    const options = { method: solver, tolerance: traced.tolerance as Tensor, limit, initial: traced.initial };
    const solved = solveLasso(context, problem, options);
    const { y, X } = traced as Prepared & Given;
    const { logLambda, weights, ridge, masks } = traced;
    const notFinite = [y, X, logLambda, weights, ridge, masks].flatMap((x) => (x ? [countNotFinite(x, batch)] : []));
    const rows = {
      status: solved.status,
      iterations: solved.iterations,
      residual: solved.residual,
      floor: solved.floor,
      notFinite: notFinite.reduce((a, b) => elementwise('add', [a, b])),
    };
    return {
      beta: solved.beta,
      correlation: solved.correlation.correlation,
      moment: solved.moment,
      penalty: problem.penalty,
      kinkTolerance: kinkToleranceOf(problem, solved.moment, kinkUnits),
      gap: appendExtremes(solved.gap, { weights, ridge, masks }),
      summary: summarise(batch, rows),
    };
  };
  return runNamed(engine, key, inputs, SOLUTION, build, run);
}

/** Counts numbers that are not finite: in each row if there is one row for each problem, else in all rows together. */
function countNotFinite(x: Tensor, batch: number): Tensor {
  const perRow = x.shape.length > 0 && x.shape[0] === batch;
  const flat = x.context.alias(x, perRow ? [batch, x.size / batch] : [1, x.size]);
  return reduceRows('countNotFinite', [flat]);
}

/** What a linear solve needs of the solution. */
type Kept = Pick<Solved, 'beta' | 'correlation' | 'moment'>;

function pickTensors({ beta, correlation, moment }: Kept): Kept {
  return { beta, correlation, moment };
}

/** Computes q and the signs of hβ + correlation, [batch, features]. */
function selectElement(
  problem: LassoProblem,
  kept: Kept,
  { kinkUnits, selection, nonNegative }: CheckedLasso['settings'],
  isWeighted: boolean,
) {
  const p = preActivationOf(problem, kept.beta, kept.correlation);
  const excess = elementwise('subtract', [nonNegative ? p : elementwise('abs', [p]), problem.penalty]);
  const tolerance = kinkToleranceOf(problem, kept.moment, kinkUnits);
  // Without a penalty there is no kink: the proximal operator is the identity, unless it keeps β from being negative.
  const one = p.context.constant({ kind: 'fill', value: 1 }, [1]);
  const at = (q: number): Tensor => {
    const atKinks = elementwise('reluDerivative', [excess, tolerance], [q]);
    return isWeighted && !nonNegative ? elementwise('select', [problem.penalty, atKinks, one]) : atKinks;
  };
  const signs = elementwise('sign', [p]);
  if (typeof selection === 'number') return { q: at(selection), signs };
  const [low, high] = [at(0), at(1)];
  const numbers = p.context.constant({ kind: 'values', values: selection }, [1, selection.length]);
  const between = elementwise('multiply', [numbers, elementwise('subtract', [high, low])]);
  return { q: elementwise('add', [low, between]), signs };
}

/** Solves Sw = v on the active features; the summary holds the rows of its report. */
function solveOnSupport(
  context: LoopContext,
  problem: LassoProblem,
  q: Tensor,
  v: Tensor,
  { backwardLimit: limit }: CheckedLasso['settings'],
  tolerance: Tensor,
): { readonly w: Tensor; readonly isAsked: Tensor; readonly summary: Tensor } {
  const { problem: system } = supportSystem(problem, q, v, { tolerance, limit });
  const solved = solveLinear(context, DEFINITE_SOLVER, system);
  const notFinite = reduceRows('countNotFinite', [v]);
  const summary = summariseLinear(v.shape[0], solved, undefined, { notFinite });
  return { w: solved.u, isAsked: solved.isAsked, summary };
}

/**
 * Computes the gradients of a loss from its cotangent v of β. With the solution w of Sw = v, which is not to be
 * confused with the weights, and t = λ·weights they are
 *   X: r wᵀ − (PXw)βᵀ, y: PXw, log λ: −Σⱼ tⱼ signⱼ wⱼ, weights: −λ signⱼ wⱼ, ρ: −⟨β, w⟩,
 * each summed over the problems that share an argument. Only the `wanted` ones are computed.
 */
export function computeGradients(
  engine: Engine,
  checked: CheckedLasso,
  prepared: Prepared,
  given: Given,
  { kept, cotangent, wanted }: { kept: Kept; cotangent: Tensor; wanted: readonly Variable[] },
  run: LimitedRun,
): Readonly<Record<Variable | 'summary', Tensor>> {
  const key = `lasso gradient ${linearKey(checked)}`;
  const tolerance = engine.scalar(checked.settings.backwardTolerance);
  const inputs = { ...prepared, ...given, ...pickTensors(kept), cotangent, tolerance };
  const outputs = ['summary' as const, ...wanted];
  const build = (traced: Named, context: LoopContext): Record<Variable | 'summary', Tensor> => {
    const problem = createProblem(traced, context, checked);
    const { design, penalty } = problem;
    const kept = traced as unknown as Kept;
    const { q, signs } = selectElement(problem, kept, checked.settings, traced.weights !== undefined);
    const { w, isAsked, summary } = solveOnSupport(
      context,
      problem,
      q,
      traced.cotangent as Tensor,
      checked.settings,
      traced.tolerance as Tensor,
    );
    // A problem that the cotangent leaves out must not contribute to sums over the batch, even if its β is not
    // finite.
    const masks = checked.settings.onFailure === 'report';
    const beta = masks ? combine({ x: kept.beta, coefficient: isAsked }) : kept.beta;
    const signed = elementwise('negate', [elementwise('multiply', [signs, w])]);
    const fitted = project(design, predict(design, w));
    const made: Record<Variable, () => Tensor> = {
      X: () => {
        const residual = project(design, errorOf(design, problem.y, beta));
        const first = product(residual, w, { transposeA: true });
        return product(fitted, beta, { transposeA: true, prior: first, residual: true });
      },
      y: () => fitted,
      logLambda: () => reduceRows('dot', [penalty, signed]),
      weights: () => {
        const factor = elementwise('exp', [traced.logLambda as Tensor]);
        return elementwise('multiply', [asColumn(perProblem(factor, checked.batch)), signed]);
      },
      ridge: () => elementwise('negate', [reduceRows('dot', [beta, w])]),
    };
    const sharedOut = (name: Variable, gradient: Tensor): Tensor => {
      const shape = (traced[name] as Tensor).shape;
      if (name === 'X' || gradient.size === (traced[name] as Tensor).size) return context.alias(gradient, shape);
      return context.alias(reduceAxes('sum', [gradient], 0, 1), shape);
    };
    const found = wanted.map((name) => [name, sharedOut(name, made[name]())]);
    return { summary, ...Object.fromEntries(found) };
  };
  return runNamed(engine, key, inputs, outputs, build, run);
}

/**
 * Computes the tangent β̇ = S⁻¹(Ẋᵀr − XᵀPẊβ + XᵀPẏ − (t μ̇ + λ ẇ)∘sign − ρ̇β) on the active features, with μ = log λ
 * and the tangent ẇ of the weights.
 * @param tangents tangents of the arguments by name, shaped as the arguments are
 */
export function computeTangent(
  engine: Engine,
  checked: CheckedLasso,
  prepared: Prepared,
  given: Given,
  { kept, tangents }: { kept: Kept; tangents: Readonly<Partial<Record<Variable, Tensor>>> },
  run: LimitedRun,
): Readonly<Record<'tangent' | 'summary', Tensor>> {
  const key = `lasso tangent ${linearKey(checked)}`;
  const tolerance = engine.scalar(checked.settings.backwardTolerance);
  const moved = Object.fromEntries(Object.entries(tangents).map(([name, value]) => [`${name}Tangent`, value]));
  const inputs = { ...prepared, ...given, ...pickTensors(kept), ...moved, tolerance };
  const build = (traced: Named, context: LoopContext): Record<'tangent' | 'summary', Tensor> => {
    const problem = createProblem(traced, context, checked);
    const { q, signs } = selectElement(
      problem,
      traced as unknown as Kept,
      checked.settings,
      traced.weights !== undefined,
    );
    const right = rightHandSide(problem, traced, signs, checked);
    const { w, summary } = solveOnSupport(context, problem, q, right, checked.settings, traced.tolerance as Tensor);
    return { tangent: w, summary };
  };
  return runNamed(engine, key, inputs, ['tangent', 'summary'] as const, build, run);
}

function rightHandSide(problem: LassoProblem, traced: Named, signs: Tensor, { batch }: CheckedLasso): Tensor {
  const { design, penalty } = problem;
  const { beta } = traced as unknown as Kept;
  const times = (a: Tensor, b: Tensor): Tensor => elementwise('multiply', [a, b]);
  const terms: Tensor[] = [];
  const { XTangent, yTangent, logLambdaTangent, weightsTangent, ridgeTangent } = traced;
  if (XTangent) {
    const residual = project(design, errorOf(design, problem.y, beta));
    const fitted = project(design, product(beta, XTangent, { transposeB: true }));
    terms.push(product(residual, XTangent), elementwise('negate', [correlate(design, fitted)]));
  }
  if (yTangent) terms.push(correlate(design, project(design, yTangent)));
  const penalties = [
    ...(logLambdaTangent ? [times(penalty, asColumn(perProblem(logLambdaTangent, batch)))] : []),
    ...(weightsTangent
      ? [times(asColumn(perProblem(elementwise('exp', [traced.logLambda as Tensor]), batch)), weightsTangent)]
      : []),
  ];
  for (const change of penalties) terms.push(elementwise('negate', [times(change, signs)]));
  if (ridgeTangent) terms.push(elementwise('negate', [times(beta, asColumn(perProblem(ridgeTangent, batch)))]));
  return terms.reduce((a, b) => elementwise('add', [a, b]), elementwise('scale', [beta], [0, 0]));
}

function linearKey({ batch, settings }: CheckedLasso): string {
  const { backwardLimit, selection, kinkUnits, intercept, nonNegative, onFailure } = settings;
  return `${batch} ${backwardLimit} ${JSON.stringify(selection)} ${kinkUnits} ${intercept} ${nonNegative} ${onFailure}`;
}
