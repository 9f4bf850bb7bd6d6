import { defineConfig } from 'vitest/config';

const needMachine = ['test/lib/**/*.test.ts', 'test/flows/**/*.test.ts', 'test/local/**/*.test.ts'];

export default defineConfig({
  test: {
    // Two would be busy on two cores, but stories wait for answers that never come.
    maxWorkers: 3,
    projects: [
      { test: { name: 'rules', include: ['test/**/*.test.ts'], exclude: needMachine, testTimeout: 20_000 } },
      {
        test: {
          name: 'machine',
          include: needMachine,
          globalSetup: 'test/prepare.ts',
          setupFiles: 'test/own-bundles.ts',
          // A process that has run one machine runs the next one faster: what stories share is a machine of their own, not memory.
          isolate: false,
          // The first synthesis of a process takes seconds, and a flow starts a whole machine.
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
