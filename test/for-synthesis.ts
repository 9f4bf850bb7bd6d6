import { inject } from 'vitest';

/** No synthesis bundles the functions again. */
process.env['BUNDLES_FOLDER'] = inject('bundles');

/** What validation finds is looked for by test/lib/rule-packs.test.ts alone: it takes as long as the synthesis. */
process.env['CDK_VALIDATION'] = 'false';

/** The CDK never removes what it synthesizes into the system's folder. */
process.env['TMPDIR'] = inject('scratch');
