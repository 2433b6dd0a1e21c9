/** `model.save` and `model.load`, beside the functions for checkpoints. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  CheckpointError,
  dense,
  type Engine,
  type Layer,
  loadCheckpoint,
  modelFrom,
  monotone,
  open,
  saveCheckpoint,
  sequential,
} from '../../src/index.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await open({ backend: 'cpu' });
});
afterAll(() => engine.close());

const create = () => sequential(monotone({ inputs: 3, width: 4 }), dense({ inputs: 4, outputs: 2 }));
const ROW = [0.3, -1, 2];

test('what is saved is loaded bit for bit, by the method and by the function', async () => {
  const model = create();
  model.initialise(engine, 7);
  const bytes = await model.save({ extras: { note: 'mine' } });
  expect(bytes).toEqual(await saveCheckpoint(model, { extras: { note: 'mine' } }));
  expect(loadCheckpoint(bytes).extras).toEqual({ note: 'mine' });
  const { probabilities } = await model.predict(ROW);
  const fresh = create();
  await fresh.load(bytes, engine);
  expect((await fresh.predict(ROW)).probabilities).toEqual(probabilities);
  expect((await modelFrom(loadCheckpoint(bytes), engine).predict(ROW)).probabilities).toEqual(probabilities);
  fresh.initialise(engine, 8);
  await fresh.load(bytes); // on the engine that it has
  expect((await fresh.predict(ROW)).probabilities).toEqual(probabilities);
});

test('a layer of the caller needs no maker', async () => {
  const own = (): Layer => ({ ...dense({ inputs: 3, outputs: 2 }), kind: 'mine', options: undefined });
  const model = sequential(own());
  model.initialise(engine, 1);
  const other = sequential(own());
  await other.load(await model.save(), engine);
  expect(await other.parameters[0].value.data()).toEqual(await model.parameters[0].value.data());
});

test('a wrong call says what is wrong, and changes nothing', async () => {
  const model = create();
  await expect(model.save()).rejects.toThrow('it has no parameters yet');
  model.initialise(engine, 1);
  const bytes = await model.save();
  await expect(create().load(bytes)).rejects.toThrow('load: engine');
  await expect(model.load([1, 2] as never)).rejects.toThrow('load: bytes');
  await expect(model.load(bytes.subarray(0, 50))).rejects.toThrow(CheckpointError);
  await expect(model.save({ extra: 1 } as never)).rejects.toThrow('extra');
  await expect(model.save({ extras: 1n })).rejects.toThrow('save: extras');
  const wider = sequential(monotone({ inputs: 3, width: 5 }), dense({ inputs: 5, outputs: 2 }));
  await expect(wider.load(bytes, engine)).rejects.toThrow(/layer 0 is monotone 3 → 4 .* and monotone 3 → 5/);
  expect(wider.isInitialised).toBe(false);
});
