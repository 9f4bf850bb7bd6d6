import { synthesize } from '../local/synthesize.ts';

/** The assembly is made once, before any test needs a machine: two at the same time would make it twice. */
export const setup = async (): Promise<void> => {
  await synthesize();
};
