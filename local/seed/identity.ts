import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as z from 'zod';

const Identity = z.object({ private_key_pem: z.string(), public_key_pem: z.string(), webhook_secret: z.string() });
const Identities = z.object({ app: Identity, other_app: Identity });
export type Identities = z.infer<typeof Identities>;

const newIdentity = (): z.infer<typeof Identity> => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    private_key_pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    public_key_pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    webhook_secret: `whsec_${randomBytes(24).toString('base64')}`,
  };
};

/** The demo apps' keys: made at the first start and kept, so that what was signed yesterday can be signed today. */
export const identitiesIn = (folder: string): Identities => {
  const file = join(folder, 'identities.json');
  if (existsSync(file)) return Identities.parse(JSON.parse(readFileSync(file, 'utf8')));
  const identities = { app: newIdentity(), other_app: newIdentity() };
  writeFileSync(`${file}.tmp`, JSON.stringify(identities), { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
  return identities;
};
