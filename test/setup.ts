/** One commit, one verdict: properties draw from a fixed seed; EQUILIBRA_TEST_SEED explores others. */
import fc from 'fast-check';
import { restWhilePolling } from './support/polling.ts';

fc.configureGlobal({ seed: Number(process.env.EQUILIBRA_TEST_SEED ?? 1) });
restWhilePolling();
