/** The configuration of the other tests, applied to the files of this folder. */
import { mergeConfig } from 'vitest/config';
import base from '../vitest.config.ts';

export default { ...mergeConfig(base, {}), test: { ...base.test, include: ['test/long/**/*.test.ts'], exclude: [] } };
