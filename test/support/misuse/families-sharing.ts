/** What other libraries exchange with this one, with valid arguments. */
import * as library from '../../../src/index.ts';
import { argument, type Family, family, options } from './family.ts';

type Given = never;

/** The engines of the world are on cpu, where calls with the right arguments are refused for that reason alone. */
function acceptRefusal(error: unknown): undefined {
  if (error instanceof RangeError && error.message.includes('it must be on webgpu')) return undefined;
  throw error;
}

export const SHARING_FAMILIES: readonly Family[] = [
  family(
    'tensorFromGPUBuffer',
    (_, engine: Given, buffer: Given, shape: Given, given: Given) => {
      try {
        return library.tensorFromGPUBuffer(engine, buffer, shape, given);
      } catch (error) {
        return acceptRefusal(error);
      }
    },
    [
      argument('engine', ({ engine }) => engine),
      argument('buffer', () => ({})),
      argument('shape', () => [2]),
      options('onRelease'),
    ],
  ),
  family('gpuBufferOf', (_, tensor: Given) => library.gpuBufferOf(tensor).catch(acceptRefusal), [
    argument('tensor', ({ x }) => x),
  ]),
  family('readNow', (_, tensor: Given) => library.readNow(tensor).numbers, [argument('tensor', ({ x }) => x)]),
  family(
    'pullbackOf',
    (_, f: Given, inputs: Given) => {
      library.pullbackOf(f, inputs).dispose();
    },
    [argument('f function', ({ half }) => half), argument('inputs', ({ x }) => [x])],
  ),
];
