/** What a gateway says of itself that has nothing to tell; each test adds what it is about. */
export const quietWord = {
  version: 1,
  applied: 0,
  waiting: 0,
  sums: [],
  head: 0,
  oldest: 1,
  rules: 1,
  knows: 1,
  fault: null,
  waits: null,
} as const;
