import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { startIssuer } from '../local/issuer.ts';
import { startSandbox } from '../local/sandbox/sandbox.ts';

/*
 * Twelve pairs of RSA keys take longer to make than the rest of a machine takes to start. So they are made once for a run of the
 * tests, and each machine begins with a copy, as if it had been started before.
 */

const issuerFile = 'issuer.json';

/** The channels' and the issuer's, as a first start leaves them; the ports of that start are forgotten. */
export const makeKeys = async (folder: string): Promise<void> => {
  const issuer = await startIssuer(folder);
  await issuer.stop();
  const { key } = JSON.parse(readFileSync(join(folder, issuerFile), 'utf8')) as { key: unknown };
  writeFileSync(join(folder, issuerFile), JSON.stringify({ port: 0, key }));
  const dataDir = join(folder, 'sandbox');
  const sandbox = await startSandbox({ dataDir, clock: { now: () => new Date(), advance: () => Promise.resolve() } });
  await sandbox.stop();
  const store = new DatabaseSync(join(dataDir, 'sandbox.sqlite'));
  store.exec(`DELETE FROM settings WHERE key = 'ports'`);
  store.close();
};

/** For a platform that has not been started yet. */
export const bringKeys = (keys: string, dataDir: string): void => {
  if (!existsSync(join(dataDir, issuerFile))) cpSync(keys, dataDir, { recursive: true });
};

/** For channels that have not been started yet, without a platform. */
export const bringKeysOfChannels = (keys: string, dataDir: string): void =>
  cpSync(join(keys, 'sandbox'), dataDir, { recursive: true });
