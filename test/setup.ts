/** One commit, one verdict: properties draw from a fixed seed; EQUILIBRA_TEST_SEED explores others. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.EQUILIBRA_TEST_SEED ?? 1) });
