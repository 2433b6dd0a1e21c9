import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Run, run } from '../fixtures/cli/run.ts';

const W = [
  [0, 1],
  [0, 0],
];
const good = { kind: 'monotone', activation: 'relu', W, b: [[1, 1]] };
const { W: _, ...withoutW } = good;
const ABm = { ...withoutW, A: W, B: W, m: 0.5 };

/** Bad input is one line on standard error, nothing on standard output, exit code 2. */
function expectRefusal({ code, out, error }: Run, ...parts: (string | RegExp)[]): void {
  expect(out).toBe('');
  expect(error).toMatch(/^equilibra: [^\n]+\n$/);
  expect(error).not.toMatch(/\bat .*:\d+:\d+/);
  for (const part of parts) expect(error).toMatch(part);
  expect(code).toBe(2);
}

const refuse = async (input: string, ...parts: (string | RegExp)[]): Promise<void> =>
  expectRefusal(await run(['solve', '-'], { input }), ...parts);

describe('text that is not a problem', () => {
  test.each([
    ['', 'standard input: it is empty'],
    ['   \n', 'standard input: it is empty'],
    ['hello', 'not JSON'],
    ['{"kind": "monotone",\n "W": [[1, 2], [3,\n', /ends at line 2, column 19 .*cut short/],
    ['{"kind": "mono', 'cut short'],
    ['{"kind": "monotone" "W": 3}', 'line 1, column 21'],
    ['{"b": [1,, 2]}', 'not JSON'],
    ['[1, 2]', 'problem: it is a list of 2; it must be a JSON object'],
    ['"monotone"', 'problem: it is "monotone"'],
    ['null', 'problem: it is null'],
    ['3', 'problem: it is 3'],
  ])('%j', (text, message) => refuse(text, message));
});

describe('fields', () => {
  test.each<[string, object, string | RegExp]>([
    [
      'no kind',
      { activation: 'relu' },
      'kind: this key is missing; it must be "monotone", "convolution", "lasso", "sparse-model", "support-vector-machine", "qp", "cone" or "canonical"',
    ],
    [
      'another kind',
      { ...good, kind: 'polytope' },
      'kind: "polytope" is unknown; it must be "monotone", "convolution", "lasso", "sparse-model", "support-vector-machine", "qp", "cone" or "canonical"',
    ],
    ['a kind that every object has', { kind: 'toString' }, 'kind: "toString" is unknown'],
    ['a kind that is no name', { ...good, kind: 3 }, 'kind: 3 is unknown'],
    [
      'an unknown key',
      { ...good, bias: 1 },
      /"bias": this key is unknown; a monotone problem may have .*activation.*b/,
    ],
    ['unknown keys', { ...good, n: 2, batch: 1 }, '"n", "batch": these keys are unknown'],
    ['no activation', { kind: 'monotone', W, b: [1, 1] }, 'activation: this key is missing'],
    ['no b', { kind: 'monotone', activation: 'relu', W }, 'b: this key is missing'],
    ['no weights', withoutW, 'W: this key is missing; give either W, or A, B and m'],
    ['W and A', { ...good, A: W }, 'A: given together with W'],
    ['W and A, B, m', { ...ABm, W }, 'A, B, m: given together with W'],
    ['W and m', { ...good, m: 1 }, 'm: given together with W'],
    ['A alone', { ...withoutW, A: W }, 'B, m: missing although A is given'],
    ['B and m', { ...withoutW, B: W, m: 1 }, 'A: missing although B, m is given'],
    ['A and B', { ...withoutW, A: W, B: W }, 'm: missing although A, B is given'],
    ['m = 0', { ...ABm, m: 0 }, 'm: it is 0; it must be a finite number > 0'],
    ['m < 0', { ...ABm, m: -1 }, 'm: it is -1'],
    ['m as text', { ...ABm, m: '1' }, 'm: it is "1"'],
    ['m as a list', { ...ABm, m: [1] }, 'm: it is a list of 1'],
    ['an unknown activation', { ...good, activation: 'rely' }, /activation: "rely" is unknown; .*relu, tanh, sigmoid/],
    [
      'a refused activation',
      { ...good, activation: 'gelu' },
      /activation: gelu is not the proximal operator .*decreases/,
    ],
    ['an activation that is no name', { ...good, activation: 3 }, 'activation: it is 3; it must be a name'],
    ['an activation as an object', { ...good, activation: { name: 'relu' } }, 'activation: it is an object'],
    ['no tau', { ...good, activation: 'softthreshold' }, 'tau: this key is missing'],
    ['tau < 0', { ...good, activation: 'softthreshold', tau: -1 }, 'tau: it is -1; it must be a finite number > 0'],
    ['tau = 0', { ...good, activation: 'softThreshold', tau: 0 }, 'tau: it is 0'],
    ['tau null', { ...good, activation: 'softThreshold', tau: null }, 'tau: it is null'],
    ['tau for relu', { ...good, tau: 1 }, 'tau: it is given, but relu has no parameter'],
    ['slope for clip', { ...good, activation: 'clip', slope: 0.5 }, 'slope: it is given, but clip has low and high'],
    ['slope 2', { ...good, activation: 'leakyRelu', slope: 2 }, 'slope: it is 2; it must be a number from 0 to 1'],
    ['alpha 2', { ...good, activation: 'elu', alpha: 2 }, 'alpha: it is 2; it must be a number from 0 to 1'],
    ['low null', { ...good, activation: 'clip', low: null }, 'low: it is null; it must be a finite number'],
    ['low above high', { ...good, activation: 'clip', low: 2 }, 'the low of clip is 2 and its high 1'],
    ['selection < 0', { ...good, selection: -0.1 }, 'selection: it is -0.1; it must be a number from 0 to 1'],
    ['selection > 1', { ...good, selection: 1.5 }, 'selection: it is 1.5'],
    ['selection as text', { ...good, selection: '0' }, 'selection: it is "0"'],
  ])('%s', (_name, problem, message) => refuse(JSON.stringify(problem), message));
});

describe('lists', () => {
  test.each<[string, object, string | RegExp]>([
    ['W as a number', { ...good, W: 3 }, 'W: it is 3; it must be a list of rows'],
    ['W as an object', { ...good, W: {} }, 'W: it is an object'],
    ['W flat', { ...good, W: [1, 2] }, 'W[0]: it is 1; it must be a list of numbers'],
    ['W empty', { ...good, W: [] }, 'W: it is empty'],
    ['W of an empty row', { ...good, W: [[]] }, 'W[0]: it is empty'],
    ['W ragged', { ...good, W: [[1, 2], [3]] }, 'W[1]: it holds 1 number; it must hold 2, as W[0] does'],
    ['W with a row missing', { ...good, W: [[1, 2], null] }, 'W[1]: it is null'],
    [
      'W not square',
      {
        ...good,
        W: [
          [1, 2, 3],
          [4, 5, 6],
        ],
      },
      'W: it is 2 × 3; it must be square',
    ],
    ['A not square', { ...ABm, A: [[1, 2]] }, 'A: it is 1 × 2; it must be square'],
    ['A and B of two sizes', { ...ABm, B: [[1]] }, 'B: it is 1 × 1; it must be 2 × 2, as A is'],
    ['b of another width', { ...good, b: [[1, 2, 3]] }, /b: its rows hold 3 numbers; W is 2 × 2/],
    ['b of another width than A', { ...ABm, b: [1] }, /b: its rows hold 1 number; A is 2 × 2/],
    ['b empty', { ...good, b: [] }, 'b: it is empty'],
    ['b of empty rows', { ...good, b: [[], []] }, 'b[0]: it is empty'],
    [
      'b ragged',
      {
        ...good,
        b: [
          [1, 2],
          [3, 4, 5],
        ],
      },
      'b[1]: it holds 3 numbers; it must hold 2',
    ],
    ['b nested too deep', { ...good, b: [[[1], [2]]] }, 'b[0][0]: it is a list of 1; it must be a finite number'],
    ['b half flat', { ...good, b: [1, [2]] }, 'b[0]: it is 1; it must be a list of numbers'],
    ['b null', { ...good, b: null }, 'b: it is null'],
    [
      'null in b',
      {
        ...good,
        b: [
          [1, 2],
          [3, null],
        ],
      },
      'b[1][1]: it is null; it must be a finite number',
    ],
    ['text in b', { ...good, b: [[1, '2']] }, 'b[0][1]: it is "2"; it must be a finite number'],
    ['null in a flat b', { ...good, b: [1, null] }, 'b[1]: it is null'],
    [
      'a switch in W',
      {
        ...good,
        W: [
          [true, 0],
          [0, 0],
        ],
      },
      'W[0][0]: it is true',
    ],
    [
      'v of another shape',
      {
        ...good,
        v: [
          [1, 1],
          [1, 1],
        ],
      },
      'v: it is 2 × 2; it must be 1 × 2, as b is',
    ],
    ['v ragged', { ...good, v: [[1, 1], [1]] }, 'v[1]: it holds 1 number'],
    ['v null', { ...good, v: null }, 'v: it is null'],
  ])('%s', (_name, problem, message) =>
    refuse(JSON.stringify(problem), typeof message === 'string' ? escaped(message) : message),
  );

  test.each([
    ['NaN', 'b[0][1]: it is "NaN"; it must be a finite number'],
    ['-Infinity', 'b[0][1]: it is "-Infinity"'],
    ['1e999', 'b[0][1]: it is Infinity'],
  ])('%s as a bare word says where it is', (word, message) =>
    refuse(JSON.stringify(good).replace('[[1,1]]', `[[1, ${word}]]`), escaped(message)),
  );
});

function escaped(text: string): RegExp {
  return new RegExp(text.replace(/[[\](){}.*+?^$|\\]/g, '\\$&'));
}

describe('weights without a monotone layer', () => {
  test.each([
    [
      'beyond doubt',
      [
        [3, 0],
        [0, 0],
      ],
      /W: the layer is not monotone: .* is -2.00000; it must be > 0/,
    ],
    [
      'at 0',
      [
        [1, 0],
        [0, 1],
      ],
      'W: the layer is not monotone',
    ],
    [
      'at 0 up to rounding',
      [
        [0, 1],
        [1, 0],
      ],
      'W: the layer is not monotone',
    ],
  ])('%s', (_name, weights, message) => refuse(JSON.stringify({ ...good, W: weights }), message));

  test('numbers that overflow', () =>
    refuse(
      JSON.stringify({
        ...ABm,
        A: [
          [1e200, 0],
          [0, 1],
        ],
      }),
      /NaN or an infinity; every number must be finite/,
    ));
});

describe('the command line', () => {
  test.each<[readonly string[], string | RegExp]>([
    [['frob'], /"frob" is not a command; the commands are train, predict, tune, solve, gallery, doctor/],
    [['--frob'], /--frob: equilibra has no such option; it has --help, --version/],
    [['--version', 'train'], /"train": the command comes first/],
    [['-x'], /-x: equilibra has no such option/],
    [['train', '--frob'], /--frob: train has no such option; it has .*--width/],
    [['train', '--frob=3'], /--frob: train has no such option/],
    [['train', '--epoch', '3'], /^equilibra: --epoch: train has no such option. Did you mean --epochs\?/],
    [['train', '-epochs', '3'], /^equilibra: -epochs: train has no such option. Did you mean --epochs\?/],
    [['train', '--check=a'], /Did you mean --checkpoint\?/],
    [
      ['train', '--width', '100000'],
      /^equilibra: --width: it is 100000; training would take about 1[45]\d\d GB of memory, and .* GB: at most about \d+ fits/,
    ],
    [
      ['train', '--optimizer', 'adam'],
      /--optimizer: train has no such option. Did you mean --optimiser\? \(--help lists them all\)/,
    ],
    [['trian'], /"trian" is not a command; .*Did you mean train\?/],
    [['train', 'digits'], /"digits": train takes options only/],
    [['train', '--width'], /--width: its value is missing/],
    [['train', '--width', '-3'], /--width: its value is missing, or starts with a dash; write --width=<value>/],
    [['train', '--width=-3'], /--width: it is "-3"; it must be a positive integer/],
    [['train', '--width', '2.5'], /--width: it is "2.5"/],
    [['train', '--width', 'ten'], /--width: it is "ten"/],
    [['train', '--width='], /--width: it is ""/],
    [['train', '--margin', '0'], /--margin: it is "0"; it must be a finite number > 0/],
    [['train', '--rate', 'Infinity'], /--rate: it is "Infinity"/],
    [['train', '--epochs', '0'], /--epochs: it is "0"; it must be a positive integer/],
    [['train', '--batch', '1e400'], /--batch: it is "1e400"/],
    [['train', '--decay-factor', '2'], /--decay-factor: it is "2"; it must be a number in \(0, 1\]/],
    [['train', '--decay-every', '0'], /--decay-every: it is "0"/],
    [['train', '--tolerance', '0'], /--tolerance: it is "0"/],
    [['train', '--seed=-1'], /--seed: it is "-1"; it must be an integer from 0/],
    [['train', '--activation', 'gelu'], /--activation: gelu is not the proximal operator/],
    [['train', '--solver', 'newton'], /--solver: it is "newton"; it must be one of auto, peaceman-rachford/],
    [['train', '--step', '0'], /--step: it is "0"; it must be a finite number > 0, or tuned/],
    [
      ['train', '--step', 'tuned', '--solver', 'picard'],
      /--step: it is "tuned", but --solver is "picard"; the step is tuned for peaceman-rachford only/,
    ],
    [['train', '--warm-start', 'batch'], /--warm-start: it is "batch"; it must be one of none, step, sample/],
    [['train', '--backend', 'cuda'], /--backend: it is "cuda"; it must be one of webgpu, wasm, gpujs, cpu/],
    [['solve'], /problem: no file is named/],
    [['solve', 'a.json', 'b.json'], /problem: 2 files are named/],
    [['solve', '-', '--tolerance', '0'], /--tolerance: it is "0"; it must be a finite number > 0/],
    [['solve', '-', '--tolerance', 'small'], /--tolerance: it is "small"/],
    [['solve', '-', '--limit', '0'], /--limit: it is "0"; it must be a positive integer/],
    [['solve', '-', '--solver', 'x'], /--solver: it is "x"/],
    [['solve', '-', '--linear-solver', 'cg'], /--linear-solver: it is "cg"; it must be one of auto, peaceman-rachford/],
    [['solve', '-', '--backend', 'gpu'], /--backend: it is "gpu"/],
    [['solve', join(tmpdir(), 'equilibra-absent.json')], /absent[.]json: there is no such file/],
    [['solve', tmpdir()], /it is a folder/],
    [['doctor', 'please'], /"please": doctor takes options only/],
    [['doctor', '--json=yes'], /--json: it takes no value/],
  ])('%j', async (argv, message) => {
    expectRefusal(await run(argv, { input: JSON.stringify(good) }), message);
  });
});
