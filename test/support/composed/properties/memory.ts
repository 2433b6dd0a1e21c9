/** After any use of a solution, the engine holds what it held before. */
import { expect } from 'vitest';
import { valueAndGrad } from '../../../../src/autodiff/gradient.ts';
import type { ImplicitSolution } from '../../../../src/implicit/root.ts';
import type { Engine } from '../../../../src/tensor/engine.ts';
import type { Tensor } from '../../../../src/tensor/tensor.ts';
import { drawDescriptions } from '../description.ts';
import type { Problem } from '../graph.ts';
import { plantProblem } from '../planting.ts';
import { describeProperty, type Load } from '../property.ts';
import { solveProblem } from '../written.ts';

type Asked = (engine: Engine, problem: Problem, inputs: readonly Tensor[]) => Promise<unknown>;

/** Runs outside of any scope: the tensors belong to the caller, who disposes of them. */
const ofSolution =
  (ask: (solution: ImplicitSolution, engine: Engine, problem: Problem) => Promise<unknown>): Asked =>
  async (engine, problem, inputs) => {
    const unknown = engine.tensor(problem.values[0].flat(), [problem.batch, problem.n]);
    const solution = solveProblem(engine, problem, inputs, { unknown });
    try {
      await ask(solution, engine, problem);
    } finally {
      solution.dispose();
      unknown.dispose();
    }
  };

const gradientWith =
  (certify: boolean): Asked =>
  async (engine, problem, inputs) => {
    const options = { certify, onFailedCertificate: 'ignore', onFailure: 'report' } as const;
    const [, gradients] = await valueAndGrad(
      (...watched) => solveProblem(engine, problem, watched, { options }).sum(),
      inputs,
    );
    for (const gradient of gradients) gradient.dispose();
  };

const QUESTIONS: Readonly<Record<string, Asked>> = {
  'a certificate': ofSolution((solution) => solution.solve.certify()),
  'a selection': ofSolution((solution) => solution.solve.select(() => 0.5)),
  'an interval': ofSolution(async (solution, engine, problem) => {
    const input = problem.inputs.findIndex(({ name }) => name === 'number');
    if (input < 0) return;
    const v = engine.tensor(
      problem.values[0].flat().map(() => 1),
      solution.shape,
    );
    try {
      await solution.solve.gradientInterval(v, { input });
    } finally {
      v.dispose();
    }
  }),
  'a gradient': gradientWith(false),
  'a gradient with a certificate': gradientWith(true),
};

export function checkMemory(load: Load, engine: () => Promise<Engine>): void {
  for (const [name, ask] of Object.entries(QUESTIONS)) {
    describeProperty(load, `memory, asked for ${name}`, drawDescriptions({ longest: 4 }), 20, async (description) => {
      const problem = plantProblem(description);
      const opened = await engine();
      const inputs = problem.inputs.map(({ values, shape }) => opened.tensor(values, shape));
      const readMemory = async (): Promise<number> => {
        // A refusal must not leak either.
        await ask(opened, problem, inputs).catch(() => {});
        await opened.idle();
        return opened.memory().buffers;
      };
      // The first call creates numbers that the engine keeps.
      await readMemory();
      const before = opened.memory().buffers;
      expect(await readMemory()).toBe(before);
      for (const input of inputs) input.dispose();
    });
  }
}
