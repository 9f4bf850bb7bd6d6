import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import * as z from 'zod';

import { approvalStore } from '#approvals/store.ts';
import { channelKind } from '#channels/registry.ts';
import { flowStore } from '#flow/store.ts';
import { addDays, BusinessDate, businessDate } from '#kernel/business-date.ts';
import type { Failure } from '#kernel/failure.ts';
import { IdOf } from '#kernel/id.ts';
import { ledgerStore } from '#ledger/store.ts';
import { announcer } from '#notifications/wire.ts';
import { wire } from '#payments/wire.ts';
import { payoutDeps } from '#payouts/wire.ts';
import { committer } from '#platform/commit.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { count, log } from '#platform/log.ts';
import { latestBatch } from '#reconciliation/batches/versions.ts';
import { openDifferences } from '#reconciliation/batches/withheld.ts';
import { fileStore } from '#reconciliation/files/store.ts';
import { reconciliationStore } from '#reconciliation/store.ts';
import { receiptStore } from '#remittances/store.ts';
import { holdStore } from '#wallets/store.ts';

import { judgeDay } from './releasing/judge-day.ts';
import { payByPlan } from './paying/pay-by-plan.ts';
import { proveDay } from './releasing/prove-day.ts';
import { proveTransfers } from './releasing/prove-transfers.ts';
import { settleAccount } from './releasing/settle-account.ts';
import type { Settlement } from './settlement.ts';
import { settlementStore, statementFiles, type SettledDay } from './store.ts';

const db = database();
const s3 = new S3Client();
const now = () => new Date();
const wired = wire(db);
const { configuration } = wired;
const flow = flowStore(db, env('ORDERS_TABLE'), now);
const reconciliation = reconciliationStore(db, env('BOOKS_TABLE'));
const files = fileStore(s3, env('STATEMENTS_BUCKET'));
const statements = statementFiles(s3, env('STATEMENTS_BUCKET'));
const paymentsOf = async (account: string, date: string) => (await flow.read(account, date)).payments;
/** By the statement of the day, or for our own channel, which has none, by our own books; of a bank account entry by entry. */
const judgeBy = (
  by: Parameters<typeof judgeDay>[0] & Parameters<typeof proveDay>[0] & Parameters<typeof proveTransfers>[0],
) => {
  const [judge, prove, proveByEntries] = [judgeDay(by), proveDay(by), proveTransfers(by)];
  return async (id: `chn_${string}`, date: BusinessDate, before?: SettledDay) => {
    const account = await configuration.channelAccount(id);
    const kind = account && channelKind(account.channel);
    if (kind?.capabilities.entries) return proveByEntries(id, date);
    return kind && kind.capabilities.statements.length > 0 ? judge(id, date, before) : prove(id, date);
  };
};

const settlements = settlementStore(db, env('BOOKS_TABLE'));
const paying = {
  ...payoutDeps(wired, db),
  settlements,
  approvals: approvalStore(db, env('BOOKS_TABLE')),
  merchant: configuration.merchant,
  plan: configuration.settlementPlan,
  app: configuration.app,
  noteNotPaid: ({ id }: Settlement, { message }: Failure) =>
    log.warn('a settlement is not paid by itself', { settlement_id: id, reason: message }),
};

const deps = {
  settlements,
  payByPlan: payByPlan(paying),
  ledger: ledgerStore(db, env('BOOKS_TABLE')),
  commit: committer(db),
  merchant: configuration.merchant,
  plan: configuration.settlementPlan,
  accountSince: configuration.channelAccountSince,
  paymentsOf,
  keepStatement: statements.keep,
  readStatement: statements.read,
  judge: judgeBy({
    paymentsOf,
    latestBatch: (channel_account_id, bill_date) =>
      latestBatch(reconciliation, { channel_account_id, bill_date, kind: 'trade' }),
    openDifferences: openDifferences.bind(undefined, { store: reconciliation, files }),
    flowOf: (account, date) => flow.read(account, date),
    holds: holdStore(db, env('ORDERS_TABLE')).getMany,
    receipts: receiptStore(db, env('BOOKS_TABLE')).getMany,
  }),
  announce: announcer(db, new EventBridgeClient(), new SQSClient(), configuration, now),
  now,
};

/** Banks and channels answer within three days, or they have not understood. */
const agedDays = 3;

const Step = z.discriminatedUnion('step', [
  /** Without a business date, everything up to the day before the schedule's own instant. */
  z.object({ step: z.literal('plan'), scheduled_at: z.iso.datetime(), business_date: BusinessDate.nullable() }),
  z.object({ step: z.literal('release'), account: IdOf('chn'), through: BusinessDate, scheduled_at: z.iso.datetime() }),
]);

/** Money that nobody has cleared up is withheld from its merchant: each run says how much of it has grown old. */
const noteAged = async (at: Date): Promise<void> => {
  const aged = await reconciliation.openedBefore(addDays(businessDate(at, 'UTC'), -agedDays));
  if (aged === 0) return;
  log.warn('differences have been open for days', { differences: aged, days: agedDays });
  count('SuspenseAged', aged);
};

export const handler = async (event: unknown) => {
  const input = Step.parse(event);
  const scheduledAt = new Date(input.scheduled_at);
  if (input.step === 'plan') {
    await noteAged(scheduledAt);
    return (await configuration.channelAccounts()).map(({ id, time_zone }) => ({
      account: id,
      through: input.business_date ?? addDays(businessDate(scheduledAt, time_zone), -1),
      scheduled_at: input.scheduled_at,
    }));
  }
  const account = await configuration.channelAccount(input.account);
  if (!account) throw new Error(`there is no channel account ${input.account}`);
  const outcome = await settleAccount(deps, account, { through: input.through, scheduledAt });
  if (outcome.blocked !== null) count('SettlementBlocked');
  log.info('settled', { account: account.id, settled: outcome.settled, blocked: outcome.blocked ?? undefined });
  return outcome;
};
