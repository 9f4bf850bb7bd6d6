import { join } from 'node:path';

import { inject } from 'vitest';

/** Two files of tests that bundle the functions at the same time do it in folders of their own. */
process.env['BUNDLES_FOLDER'] ??= join(
  import.meta.dirname,
  '..',
  'build',
  `functions-${process.env['VITEST_POOL_ID'] ?? '0'}`,
);

/** The CDK never removes what it synthesizes into the system's folder. */
process.env['TMPDIR'] = inject('scratch');
