import { startPlatform } from '../../local/platform.ts';

/** The platform in this process, until somebody kills it. */
const { stage } = await startPlatform({ dataDir: process.argv[2] ?? '', port: 0 });
process.send?.(stage);
