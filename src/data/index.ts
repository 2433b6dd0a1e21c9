export type { Dataset, Samples } from './dataset.ts';
export { splitSamples, subset } from './dataset.ts';
export type { Split } from './digits.ts';
export { digits, parseDigits } from './digits.ts';
