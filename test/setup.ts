/**
 * Properties draw from a fixed seed, so that a commit always gets the same verdict; EQUILIBRA_TEST_SEED explores other
 * seeds.
 */
import fc from 'fast-check';
import { restWhilePolling } from './support/polling.ts';

fc.configureGlobal({ seed: Number(process.env.EQUILIBRA_TEST_SEED ?? 1) });
restWhilePolling();
