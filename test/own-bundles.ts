import { join } from 'node:path';

/** Two files of tests that bundle the functions at the same time do it in folders of their own. */
process.env['BUNDLES_FOLDER'] ??= join(
  import.meta.dirname,
  '..',
  'build',
  `functions-${process.env['VITEST_POOL_ID'] ?? '0'}`,
);
