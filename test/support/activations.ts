/**
 * The activations of the monotone layer by their definitions, written independently of the library so that they can
 * contradict it.
 */
import type { ActivationOption } from '../../src/solvers/activations.ts';

interface ActivationDefinition {
  readonly title: string;
  readonly option: ActivationOption;
  readonly value: (x: number) => number;
  /** The derivative, away from the kinks. */
  readonly slope: (x: number) => number;
  /** The kinks in ascending order, with the Clarke interval of each. */
  readonly kinks: readonly { readonly at: number; readonly low: number; readonly high: number }[];
}

export const ACTIVATION_DEFINITIONS: readonly ActivationDefinition[] = [
  {
    title: 'relu',
    option: 'relu',
    value: (x) => (x > 0 ? x : 0),
    slope: (x) => (x > 0 ? 1 : 0),
    kinks: [{ at: 0, low: 0, high: 1 }],
  },
  { title: 'tanh', option: 'tanh', value: Math.tanh, slope: (x) => 1 / Math.cosh(x) ** 2, kinks: [] },
  {
    title: 'sigmoid',
    option: 'sigmoid',
    value: (x) => 1 / (1 + Math.exp(-x)),
    slope: (x) => 1 / (2 + 2 * Math.cosh(x)),
    kinks: [],
  },
  {
    title: 'softThreshold of 0.3',
    option: { name: 'softThreshold', threshold: 0.3 },
    value: (x) => Math.sign(x) * Math.max(Math.abs(x) - 0.3, 0),
    slope: (x) => (Math.abs(x) > 0.3 ? 1 : 0),
    kinks: [
      { at: -0.3, low: 0, high: 1 },
      { at: 0.3, low: 0, high: 1 },
    ],
  },
  {
    title: 'leakyRelu',
    option: 'leakyRelu',
    value: (x) => (x > 0 ? x : 0.01 * x),
    slope: (x) => (x > 0 ? 1 : 0.01),
    kinks: [{ at: 0, low: 0.01, high: 1 }],
  },
  {
    title: 'leakyRelu of slope 0.4',
    option: { name: 'leakyRelu', slope: 0.4 },
    value: (x) => Math.max(x, 0.4 * x),
    slope: (x) => (x > 0 ? 1 : 0.4),
    kinks: [{ at: 0, low: 0.4, high: 1 }],
  },
  {
    title: 'clip',
    option: 'clip',
    value: (x) => (x < -1 ? -1 : x > 1 ? 1 : x),
    slope: (x) => (Math.abs(x) < 1 ? 1 : 0),
    kinks: [
      { at: -1, low: 0, high: 1 },
      { at: 1, low: 0, high: 1 },
    ],
  },
  {
    title: 'clip to [−0.5, 1.25]',
    option: { name: 'clip', low: -0.5, high: 1.25 },
    value: (x) => (x < -0.5 ? -0.5 : x > 1.25 ? 1.25 : x),
    slope: (x) => (x > -0.5 && x < 1.25 ? 1 : 0),
    kinks: [
      { at: -0.5, low: 0, high: 1 },
      { at: 1.25, low: 0, high: 1 },
    ],
  },
  {
    title: 'softplus',
    option: 'softplus',
    value: (x) => (x > 30 ? x + Math.exp(-x) : Math.log(1 + Math.exp(x))),
    slope: (x) => 1 / (1 + Math.exp(-x)),
    kinks: [],
  },
  {
    title: 'elu',
    option: 'elu',
    value: (x) => (x > 0 ? x : Math.exp(x) - 1),
    slope: (x) => (x > 0 ? 1 : Math.exp(x)),
    kinks: [],
  },
  {
    title: 'elu of alpha 0.6',
    option: { name: 'elu', alpha: 0.6 },
    value: (x) => (x > 0 ? x : 0.6 * (Math.exp(x) - 1)),
    slope: (x) => (x > 0 ? 1 : 0.6 * Math.exp(x)),
    kinks: [{ at: 0, low: 0.6, high: 1 }],
  },
  {
    title: 'softsign',
    option: 'softsign',
    value: (x) => x / (1 + Math.abs(x)),
    slope: (x) => 1 / (1 + Math.abs(x)) ** 2,
    kinks: [],
  },
  { title: 'arctan', option: 'arctan', value: Math.atan, slope: (x) => 1 / (1 + x * x), kinks: [] },
];
