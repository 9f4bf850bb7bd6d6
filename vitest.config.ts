import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'rules',
          include: ['test/**/*.test.ts'],
          exclude: ['test/lib/**', 'test/flows/**', 'test/local/**'],
        },
      },
      {
        test: {
          name: 'machine',
          include: ['test/lib/**/*.test.ts', 'test/flows/**/*.test.ts', 'test/local/**/*.test.ts'],
          // The first synthesis of a process takes seconds, and a flow starts a whole machine.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
