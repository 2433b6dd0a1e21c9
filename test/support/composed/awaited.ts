/** Properties that do not hold yet, by name: they are not registered, unless EQUILIBRA_TEST_AWAITED is set. */
export const AWAITED: readonly string[] = [];
