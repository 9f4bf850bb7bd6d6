import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { startIssuer } from './issuer.ts';
import { startRuntime, type Runtime, type RuntimeOptions } from './runtime/runtime.ts';
import { startSandbox, type Sandbox } from './sandbox/sandbox.ts';
import { accounts, configuration, keyIds, rows, settingsOf } from './seed/configuration.ts';
import { followSandbox } from './seed/follow-sandbox.ts';
import { identitiesIn, type Identities } from './seed/identity.ts';
import { synthesize } from './synthesize.ts';

export interface PlatformOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly log?: (line: string) => void;
  readonly beginsAt?: RuntimeOptions['beginsAt'];
  /** For who measures: see the runtime's options. */
  readonly tap?: RuntimeOptions['tap'];
  readonly report?: RuntimeOptions['report'];
  readonly needs?: RuntimeOptions['needs'];
  /** What the merchant pays, in ppm, where it is not to be what the seed says. */
  readonly feePpm?: number;
}

/** The whole platform on one machine, with the sandbox channels beside it. */
export interface Platform {
  readonly runtime: Runtime;
  readonly sandbox: Sandbox;
  /** What api-contract.md calls `.local/demo.json`. */
  readonly stage: Awaited<ReturnType<typeof stageOf>>;
  stop(): Promise<void>;
}

const appMembers = (id: string, keyId: string, merchantId: string, identity: Identities['app']) => ({
  id,
  key_id: keyId,
  alg: 'ed25519' as const,
  private_key_pem: identity.private_key_pem,
  webhook_secret: identity.webhook_secret,
  merchant_id: merchantId,
});

const stageOf = async (
  runtime: Runtime,
  sandbox: Sandbox,
  identities: Identities,
  token: (subject: string, ...roles: string[]) => Promise<string>,
) => {
  const [merchant, otherMerchant] = rows.merchants;
  const [shop, otherApp] = rows.apps;
  return {
    api: runtime.api,
    console: null,
    s3: runtime.endpoints['AWS_ENDPOINT_URL_S3'] ?? '',
    statements_bucket: runtime.outputs['StatementsBucket'] ?? '',
    region: runtime.region,
    app: appMembers(shop.id, keyIds.app, merchant.id, identities.app),
    other_app: appMembers(otherApp.id, keyIds.other_app, otherMerchant.id, identities.other_app),
    merchant_id: merchant.id,
    suspended_merchant_id: rows.merchants[2]?.id ?? null,
    products: rows.cashier_profiles.map(({ product_code }) => product_code),
    channel_accounts: accounts,
    admin: { token: await token('admin', 'admin') },
    operations: { token: await token('operations', 'operations') },
    risk: { token: await token('risk', 'risk') },
    finance_maker: { token: await token('maker', 'finance_maker') },
    finance_checker: { token: await token('checker', 'finance_checker') },
    sandbox: sandbox.control,
    sandbox_channels: sandbox.channels,
    sandbox_credentials: sandbox.credentials,
  };
};

export const startPlatform = async ({
  dataDir,
  port,
  log,
  beginsAt,
  tap,
  report,
  needs,
  feePpm,
}: PlatformOptions): Promise<Platform> => {
  mkdirSync(dataDir, { recursive: true });
  const assembly = await synthesize();
  const issuer = await startIssuer(dataDir);
  const runtime = await startRuntime({
    assembly,
    dataDir: join(dataDir, 'runtime'),
    port,
    parameters: { JwtIssuer: issuer.url, JwtAudience: issuer.audience, LoopbackAllowed: 'yes' },
    ...(log && { log }),
    ...(beginsAt && { beginsAt }),
    ...(tap && { tap }),
    ...(report && { report }),
    ...(needs && { needs }),
  });
  // A callback that is delivered causes work here, and an hour that passes here makes callbacks due there.
  const advance = async (seconds: number) => {
    await runtime.clock.advance(seconds);
    await sandbox.idle();
    await runtime.idle();
  };
  const sandbox: Sandbox = await startSandbox({
    dataDir: join(dataDir, 'sandbox'),
    clock: { now: () => runtime.clock.now(), advance },
    ...(log && { log }),
  });
  const identities = identitiesIn(dataDir);
  const document = configuration(identities, sandbox);
  const [plan] = document.fee_plans;
  const fee_plans = feePpm === undefined ? [plan] : [{ ...plan, default: { ...plan.default, rate_ppm: feePpm } }];
  const stage = await stageOf(runtime, sandbox, identities, (subject, ...roles) => issuer.token(subject, ...roles));
  const seed = { ...document, fee_plans, existing: 'keep' };
  await runtime.invoke(runtime.outputs['ConfigureFunction'] ?? 'ConfigureFunction', seed);
  for (const [id, seeded] of Object.entries(settingsOf(sandbox)))
    await followSandbox(runtime.api, stage.admin.token, id, seeded);
  return {
    runtime,
    sandbox,
    stage,
    async stop() {
      await sandbox.stop();
      await runtime.stop();
      await issuer.stop();
    },
  };
};
