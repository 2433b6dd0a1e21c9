import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Constant, Program } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { ABSENT, type KernelCall } from '../../src/backends/kernels.ts';
import {
  type Plan,
  type PlannedCopy,
  type PlannedLoop,
  type PlannedStatement,
  planProgram,
} from '../../src/backends/plan.ts';
import { type CallWithoutSlots, Trace } from '../../src/program/trace.ts';
import { runOn } from '../parity/cases/parity.ts';
import { createRandomProgram } from '../parity/cases/random-program.ts';

function valuesOf(constant: Constant, size: number): Float64Array {
  const values = new Float64Array(size);
  if (constant.kind === 'values') values.set(constant.values);
  else if (constant.kind === 'fill') values.fill(constant.value);
  else for (let i = 0; i < constant.order; i++) values[i * constant.order + i] = 1;
  return values;
}

/**
 * Carries a plan out as a GPU would: in its buffers, which hold rubbish at first, and with idle passes after a loop has
 * ended.
 */
async function interpret(program: Program, plan: Plan, inputs: readonly Float32Array[]): Promise<Float64Array[]> {
  const cpu = openCPU();
  const buffers = plan.buffers.map(({ size, role }) => {
    if (role.kind === 'input') return Float64Array.from(inputs[role.index]);
    if (role.kind === 'constant') return valuesOf(role.constant, size);
    return new Float64Array(size).fill(Number.NaN);
  });

  const copy = ({ from, to, size }: PlannedCopy): void => {
    expect(from).not.toBe(to);
    for (let i = 0; i < size; i++) buffers[to][i] = buffers[from][i];
  };
  /** Computes one call on the CPU from the present contents of the buffers. */
  const call = async (
    kernelCall: KernelCall,
    operands: readonly number[],
    output: number,
    inPlace: number,
  ): Promise<void> => {
    const trace = new Trace('one call');
    const present = operands.filter((operand) => operand !== ABSENT);
    const slots = operands.map((operand, index) =>
      operand === ABSENT ? ABSENT : trace.input(program.sizes[kernelCall.inputs[index]]),
    );
    for (const [index, operand] of operands.entries()) expect(operand === output).toBe(((inPlace >> index) & 1) === 1);
    const { inputs: _inputs, output: outputSlot, ...rest } = kernelCall;
    const single = trace.finish([trace.call(rest as CallWithoutSlots, slots, program.sizes[outputSlot])]);
    const values = present.map((operand, index) => buffers[operand].slice(0, single.sizes[single.inputs[index]]));
    const storages = values.map((content) => cpu.upload(content));
    const [result] = cpu.run(single, storages);
    buffers[output].set(await cpu.download(result));
  };
  const walk = async (steps: readonly PlannedStatement[]): Promise<void> => {
    for (const step of steps) {
      if (step.kind === 'copy') copy(step);
      else if (step.kind === 'call') await call(step.call, step.operands, step.output, step.inPlace);
      else await loop(step);
    }
  };
  const loop = async (step: PlannedLoop): Promise<void> => {
    let open = buffers[step.initialFlag][0] !== 0;
    step.enter.forEach(copy);
    for (let pass = 0; pass < step.limit && open; pass++) {
      await walk(step.body);
      step.leave.forEach(copy);
      open = buffers[step.flag][0] !== 0;
    }
  };

  const given = inputs.map((values) => Float64Array.from(values));
  await walk(plan.statements);
  const results: Float64Array[] = [];
  for (const [index, { role }] of plan.buffers.entries()) {
    if (role.kind === 'output')
      results[role.index] = buffers[index].slice(0, program.sizes[program.outputs[role.index]]);
    if (role.kind === 'input') expect(buffers[index]).toEqual(given[role.index]);
  }
  return results;
}

function temporaries(plan: Plan): number {
  return plan.buffers.filter(({ role }) => role.kind === 'temporary').length;
}

function copies(steps: readonly PlannedStatement[]): number {
  return steps.reduce((sum, step) => {
    if (step.kind === 'loop') return sum + step.enter.length + step.leave.length + copies(step.body);
    return sum + (step.kind === 'copy' ? 1 : 0);
  }, 0);
}

function scale(trace: Trace, slot: number, size: number, factor: number, offset: number): number {
  const layouts = [{ offset: 0, strides: [0, 0, 0, 1] }];
  const settings = {
    kernel: 'elementwise',
    operation: 'scale',
    shape: [1, 1, 1, size],
    layouts,
    parameters: [factor, offset],
  };
  return trace.call(settings as unknown as CallWithoutSlots, [slot], size);
}

function matrixProduct(trace: Trace, a: number, b: number): number {
  const settings = { m: 2, n: 2, k: 2, transposeA: false, transposeB: false, bias: 'none', activation: 'identity' };
  const whole = { kernel: 'product', ...settings, activationParameters: [0, 0], proximal: false, residual: false };
  return trace.call(whole as unknown as CallWithoutSlots, [a, b, -1, -1, -1, -1], 4);
}

describe('planProgram', () => {
  it('has the results of the Program, whatever shares storage', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const { program, inputs } = createRandomProgram(seed);
        const expected = await runOn(openCPU(), program, inputs);
        expect(await interpret(program, planProgram(program), inputs)).toEqual(expected);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('uses one buffer for a chain of element-wise calls', () => {
    const trace = new Trace('chain');
    let slot = trace.input(8);
    for (let step = 0; step < 10; step++) slot = scale(trace, slot, 8, 2, 0);
    const plan = planProgram(trace.finish([slot]));
    expect(plan.buffers).toHaveLength(2);
  });

  it('alternates between two buffers for a chain of products', () => {
    const trace = new Trace('products');
    const a = trace.input(4);
    let slot = a;
    for (let step = 0; step < 10; step++) slot = matrixProduct(trace, slot, a);
    const plan = planProgram(trace.finish([slot]));
    expect(plan.buffers).toHaveLength(3);
  });

  it('updates carried values in place where every element depends on itself only', () => {
    const trace = new Trace('in place');
    const counter = trace.input(1);
    const x = scale(trace, trace.input(8), 8, 1, 1);
    const results = trace.loop([counter, x], 10, ([remaining, value]) => [
      scale(trace, remaining, 1, 1, -1),
      scale(trace, value, 8, 0.5, 1),
    ]);
    const plan = planProgram(trace.finish([results[1]]));
    // Only the counter is copied, since it is an input that must not change; the storage of x is reused.
    expect(copies(plan.statements)).toBe(1);
    expect(temporaries(plan)).toBe(1);
  });

  it('copies a carried product at the end of the pass, and only that', () => {
    const trace = new Trace('product');
    const flag = trace.input(1);
    const w = trace.input(4);
    const start = trace.constant({ kind: 'fill', value: 0 }, 4);
    const results = trace.loop([flag, start], 10, ([, value]) => [
      scale(trace, flag, 1, 1, 0),
      matrixProduct(trace, value, w),
    ]);
    const plan = planProgram(trace.finish([results[1]]));
    const loop = plan.statements.find((step) => step.kind === 'loop');
    expect(loop?.kind === 'loop' && [loop.enter.length, loop.leave.length]).toEqual([1, 1]);
  });

  it('swaps through a third buffer', () => {
    const trace = new Trace('swap');
    const flag = trace.input(1);
    const results = trace.loop([flag, trace.input(4), trace.input(4)], 10, ([open, a, b]) => [
      scale(trace, open, 1, 1, -1),
      b,
      a,
    ]);
    const plan = planProgram(trace.finish(results.slice(1)));
    const loop = plan.statements.find((step) => step.kind === 'loop');
    expect(loop?.kind === 'loop' && loop.leave.length).toBe(3);
  });

  it('copies inputs and constants that are outputs', () => {
    const trace = new Trace('given');
    const x = trace.input(4);
    const plan = planProgram(trace.finish([x, trace.constant({ kind: 'fill', value: 2 }, 4)]));
    expect(plan.statements.map((step) => step.kind)).toEqual(['copy', 'copy']);
  });

  it('names the Program that reads a slot before it is written', () => {
    const trace = new Trace('broken');
    const x = trace.input(4);
    const program = trace.finish([x]);
    const broken: Program = { ...program, sizes: [4, 4], outputs: [1] };
    expect(() => planProgram(broken)).toThrow(/program broken: slot 1/);
  });
});
