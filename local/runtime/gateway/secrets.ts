import { randomBytes, randomInt, randomUUID } from 'node:crypto';

import * as z from 'zod';

import { Flag } from '../assembly/template.ts';
import type { Deployment } from '../assembly/deployment.ts';
import type { Clock } from '../machine/clock.ts';
import type { Database } from '../machine/database.ts';
import { ServiceError } from '../refusal.ts';

const Generate = z.object({
  PasswordLength: z.coerce.number().default(32),
  ExcludeCharacters: z.string().default(''),
  ExcludeLowercase: Flag.default(false),
  ExcludeUppercase: Flag.default(false),
  ExcludeNumbers: Flag.default(false),
  ExcludePunctuation: Flag.default(false),
  IncludeSpace: Flag.default(false),
  SecretStringTemplate: z.string().optional(),
  GenerateStringKey: z.string().optional(),
});

const SecretProperties = z.object({ SecretString: z.string().optional(), GenerateSecretString: Generate.optional() });

const Row = z.object({
  arn: z.string(),
  name: z.string(),
  value: z.string(),
  version: z.string(),
  created_at: z.number(),
});
type Row = z.infer<typeof Row>;

const generated = (spec: z.infer<typeof Generate>): string => {
  const alphabet = [
    spec.ExcludeLowercase ? '' : 'abcdefghijklmnopqrstuvwxyz',
    spec.ExcludeUppercase ? '' : 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    spec.ExcludeNumbers ? '' : '0123456789',
    spec.ExcludePunctuation ? '' : '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
    spec.IncludeSpace ? ' ' : '',
  ].join('');
  const allowed = alphabet.split('').filter((letter) => !spec.ExcludeCharacters.includes(letter));
  const password = Array.from({ length: spec.PasswordLength }, () => allowed[randomInt(allowed.length)]).join('');
  if (spec.GenerateStringKey === undefined) return password;
  const template = z.record(z.string(), z.unknown()).parse(JSON.parse(spec.SecretStringTemplate ?? '{}'));
  return JSON.stringify({ ...template, [spec.GenerateStringKey]: password });
};

const Named = z.object({ SecretId: z.string() });
const Put = Named.extend({ SecretString: z.string() });
const Create = z.object({ Name: z.string(), SecretString: z.string() });

/** Secrets Manager: one current value per secret, made once and kept. */
export class Secrets {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #prefix: string;

  constructor(deployment: Deployment, database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#prefix = `arn:aws:secretsmanager:${deployment.region}:${deployment.account}:secret:`;
    for (const { ref, name, properties } of deployment.ofType('AWS::SecretsManager::Secret')) {
      const spec = SecretProperties.parse(properties);
      const value = spec.SecretString ?? (spec.GenerateSecretString && generated(spec.GenerateSecretString));
      if (this.#find(ref) === undefined) this.#write(ref, name, value ?? '');
    }
  }

  readonly operations: Readonly<Record<string, (input: unknown) => object>> = {
    'secretsmanager.GetSecretValue': (input) => {
      const { version, value, created_at: created, ...secret } = this.#get(Named.parse(input).SecretId);
      return {
        ...this.#identity(secret),
        VersionId: version,
        SecretString: value,
        VersionStages: ['AWSCURRENT'],
        CreatedDate: created,
      };
    },
    'secretsmanager.PutSecretValue': (input) => {
      const { SecretId, SecretString } = Put.parse(input);
      const { arn, name } = this.#get(SecretId);
      const version = this.#write(arn, name, SecretString);
      return { ...this.#identity({ arn, name }), VersionId: version, VersionStages: ['AWSCURRENT'] };
    },
    'secretsmanager.CreateSecret': (input) => {
      const { Name: name, SecretString } = Create.parse(input);
      if (this.#find(name) !== undefined) {
        throw new ServiceError(
          'ResourceExistsException',
          `The operation failed because the secret ${name} already exists.`,
        );
      }
      const arn = `${this.#prefix}${name}-${randomBytes(3).toString('hex')}`;
      return { ...this.#identity({ arn, name }), VersionId: this.#write(arn, name, SecretString) };
    },
    'secretsmanager.DescribeSecret': (input) => {
      const { arn, name, version, created_at: created } = this.#get(Named.parse(input).SecretId);
      return {
        ...this.#identity({ arn, name }),
        CreatedDate: created,
        VersionIdsToStages: { [version]: ['AWSCURRENT'] },
      };
    },
  };

  #identity({ arn, name }: Pick<Row, 'arn' | 'name'>) {
    return { ARN: arn, Name: name };
  }

  #get(id: string): Row {
    const found = this.#find(id);
    if (found === undefined) {
      throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return found;
  }

  #find(id: string): Row | undefined {
    const sql = `SELECT * FROM secrets WHERE arn = ? OR name = ? OR substr(arn, 1, length(arn) - 7) = ?`;
    return this.#database.first(Row, sql, id, id, id);
  }

  #write(arn: string, name: string, value: string): string {
    const version = randomUUID();
    const created = Math.floor(this.#clock.millis() / 1000);
    this.#database.run('INSERT OR REPLACE INTO secrets VALUES (?, ?, ?, ?, ?)', arn, name, value, version, created);
    return version;
  }
}
