import { importConfiguration } from './changes/import-configuration.ts';
import { wire } from './wire.ts';

const deps = wire();

/** Invoked by an operator with a configuration document; answers how many rows it changed. */
export const handler = (document: unknown) => importConfiguration(deps, document);
