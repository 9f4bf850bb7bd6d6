import { defineConfig } from 'vitest/config';

const flows = 'test/flows/**/*.test.ts';
const needAssembly = ['test/lib/**/*.test.ts', 'test/local/**/*.test.ts'];

/** The first synthesis of a process takes seconds, and a flow starts a whole machine. */
const onMachines = {
  globalSetup: 'test/prepare.ts',
  testTimeout: 180_000,
  hookTimeout: 180_000,
};

export default defineConfig({
  test: {
    // Two would be busy on two cores, but stories wait for answers that never come.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: 'rules',
          include: ['test/**/*.test.ts'],
          exclude: [flows, ...needAssembly],
          testTimeout: 20_000,
        },
      },
      { test: { name: 'machine', include: needAssembly, setupFiles: 'test/for-synthesis.ts', ...onMachines } },
      {
        test: {
          // Projects run in the order of their names: the longest files begin first, and the shortest fill the gaps at the end.
          name: 'flows',
          include: [flows],
          setupFiles: 'test/flows/each-file.ts',
          // A process that has run one machine runs the next one faster. Stories share nothing by it: a machine is a file's own.
          isolate: false,
          ...onMachines,
        },
      },
    ],
  },
});
