/** Sorting and ranking, with valid arguments. */
import {
  argsort,
  isotonicRegression,
  median,
  rank,
  softRank,
  softSort,
  sort,
  topK,
  topKMask,
} from '../../../src/index.ts';
import { argument, type Family, family, options } from './family.ts';

type Given = never;

export const SORTING_FAMILIES: readonly Family[] = [
  family('sort', (_, x: Given, given: Given) => sort(x, given), [
    argument('x', ({ x }) => x),
    options('order selection'),
  ]),
  family('topK', (_, x: Given, k: Given, given: Given) => topK(x, k, given), [
    argument('x', ({ x }) => x),
    argument('k', () => 1),
    options('selection'),
  ]),
  family('median', (_, x: Given, given: Given) => median(x, given), [
    argument('x', ({ x }) => x),
    options('selection'),
  ]),
  family('rank', (_, x: Given) => rank(x), [argument('x', ({ x }) => x)]),
  family('argsort', (_, x: Given) => argsort(x), [argument('x', ({ x }) => x)]),
  family('topKMask', (_, x: Given, k: Given) => topKMask(x, k), [argument('x', ({ x }) => x), argument('k', () => 1)]),
  family(
    'isotonicRegression',
    ({ engine }, x: Given, given: Given) => engine.tidy(() => isotonicRegression(x, given)),
    [argument('x', ({ x }) => x), options('selection')],
  ),
  family('softSort', ({ engine }, x: Given, given: Given) => engine.tidy(() => softSort(x, given)), [
    argument('x', ({ x }) => x),
    options('order strength selection'),
  ]),
  family('softRank', ({ engine }, x: Given, given: Given) => engine.tidy(() => softRank(x, given)), [
    argument('x', ({ x }) => x),
    options('strength selection'),
  ]),
];
