import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import type { Code } from './world.ts';

/** A bug, put into a copy of the real source by replacing one piece of its text. */
export interface Mutant {
  readonly bug: string;
  readonly file: string;
  readonly was: string;
  readonly is: string;
}

const root = join(import.meta.dirname, '../..');

const mutant = (bug: string, file: string, was: string, is: string): Mutant => ({
  bug,
  file: `functions/${file}`,
  was,
  is,
});

export const mutants: readonly Mutant[] = [
  mutant(
    'a new row is put over an old one',
    'platform/rows.ts',
    "{ ConditionExpression: 'attribute_not_exists(pk)' }",
    '{}',
  ),
  mutant(
    'a row is written over whatever version stands there',
    'platform/rows.ts',
    "{ ConditionExpression: 'version = :read', ExpressionAttributeValues: { ':read': noun.version } }",
    '{}',
  ),
  mutant(
    'every refusal is taken for our own lost answer',
    'platform/commit.ts',
    "refusal.row?.['write_id'] !== undefined && refusal.row['write_id'] === writeIdOf(writes[refusal.index])",
    'refusal.index >= 0 && writes.length > 0',
  ),
  mutant(
    'one write id for all writes',
    'platform/rows.ts',
    'write_id: randomUUID()',
    "write_id: 'w' + String(randomUUID.length)",
  ),
  mutant(
    'entries that a queue refused are not sent again',
    'platform/sender.ts',
    'waiting = waiting.filter(({ Id }) => failed.has(Id));',
    'waiting = [];',
  ),
  mutant(
    'entries that the bus refused are not sent again',
    'platform/bus.ts',
    'failed.push(...entries.filter((_, index) => Entries[index]?.ErrorCode !== undefined));',
    'void Entries;',
  ),
  mutant(
    'a message that failed is acknowledged',
    'platform/queue.ts',
    "if (result.status === 'fulfilled' || itemIdentifier === undefined) return [];",
    'if (itemIdentifier !== "") return [];',
  ),
  mutant(
    'the stream skips the last record of a batch',
    'platform/stream.ts',
    'for (const { dynamodb } of Records) {',
    'for (const { dynamodb } of Records.slice(0, Math.max(1, Records.length - 1))) {',
  ),
  mutant(
    'the floor of a balance is not asked for',
    'ledger/balance.ts',
    "found.conditions.push('balance >= :floor');",
    '',
  ),
  mutant(
    'a journal that exists takes its neighbours with it',
    'ledger/post.ts',
    'left = left.filter((_, index) => !present.has(index));',
    'left = present.size > 0 ? [] : left;',
  ),
  mutant(
    'credits and debits of assets are mixed up',
    'ledger/account.ts',
    "chart[subject].kind === 'asset' || chart[subject].kind === 'expense'",
    "chart[subject].kind === 'asset'",
  ),
  mutant(
    'shares are cut, not rounded',
    'kernel/money.ts',
    '(2n * amount * part + whole) / (2n * whole)',
    '(amount * part) / whole',
  ),
  mutant(
    'the shares of a fee that went back are forgotten',
    'clearing/fee-plan.ts',
    'proportion(fee, refundedInTotal, amount) - sharesSoFar',
    'proportion(fee, refundedInTotal, amount)',
  ),
  mutant(
    'days are cut in UTC',
    'kernel/business-date.ts',
    "new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' })",
    "new Intl.DateTimeFormat('sv-SE', { timeZone: 'UTC', dateStyle: 'short' })",
  ),
  mutant(
    'the amount is not compared',
    'payments/attempt.ts',
    "    ['amount', String(asked.amount), String(amount)],\n",
    '',
  ),
  mutant(
    'whose money it is is not compared',
    'payments/attempt.ts',
    "    ['merchant', identity.merchant, merchantAtChannel],\n",
    '',
  ),
  mutant(
    'the same trade is counted again',
    'payments/payment.ts',
    'if (ofThisOrder.some((other) => other.receipt?.trade_no === receipt.channelTradeNo)) return payment;',
    '',
  ),
  mutant(
    'a second trade overwrites the first',
    'payments/payment.ts',
    'if (attempt.receipt) {',
    'if (attempt.receipt && no === -1) {',
  ),
  mutant(
    'late money pays for the order',
    'payments/payment.ts',
    "const late = before === 'closed' || (!duplicate && !canComplete(payment, attempt));",
    'const late = false;',
  ),
  mutant(
    'the second money pays for the order again',
    'payments/payment.ts',
    "const duplicate = before === 'paid' || before === 'paid_late' || isStagePaid;",
    'const duplicate = false;',
  ),
  mutant('a success can be failed', 'payments/attempt.ts', '  succeeded: {},', "  succeeded: { fail: 'failed' },"),
  mutant(
    'suspense is forgotten: all money is the merchant’s',
    'payments/journals.ts',
    "if (!isWinner(attempt)) return [credit('suspense', amount)];",
    '',
  ),
  mutant(
    'money of a mismatch has no journal',
    'payments/journals.ts',
    'if (!receipt || !isMoney(attempt)) return [];',
    'if (!receipt || !isMoney(attempt) || attempt.mismatch) return [];',
  ),
  mutant(
    'an order without an answer has failed',
    'payments/placing/start-attempt.ts',
    'if (!placing) return loseAnswer(payment, no);',
    "if (!placing) return hear(payment, no, { kind: 'failed', failure: { code: 'x', message: 'x' } }, { identity: { merchant: '', app: '' }, now });",
  ),
  mutant(
    'a young order that the channel does not know does not exist',
    'payments/following/ask-channel.ts',
    'absentForSureAfter = 60_000',
    'absentForSureAfter = 0',
  ),
  mutant(
    'closed without asking the channel',
    'payments/following/ask-channel.ts',
    'if (!closing || !canClose) return query(',
    "if (closing && canClose) return { kind: 'closed' };\n  if (!closing || !canClose) return query(",
  ),
  mutant(
    'an outage while closing counts as closed',
    'payments/following/ask-channel.ts',
    '    return undefined;\n  }\n};',
    "    return wanted.closing ? { no: attempt.no, outcome: { kind: 'closed' }, identity: { merchant: '', app: '' } } : undefined;\n  }\n};",
  ),
  mutant(
    'a second method does not close the first',
    'payments/placing/add-attempt.ts',
    'const free = { ...(await closeLive(deps, read)),',
    'const free = { ...read,',
  ),
  mutant(
    'two attempts share a number',
    'payments/placing/add-attempt.ts',
    'const attempts = await newAttempts(deps, merchant, free, method);',
    'const attempts = await newAttempts(deps, merchant, { ...free, attempts: read.attempts }, method);',
  ),
  mutant(
    'a number with other content answers the old payment',
    'payments/placing/place-payment.ts',
    "if (existing.content !== content) throw new Failure('idempotency_conflict');",
    '',
  ),
  mutant(
    'a closing is forgotten when it was not confirmed',
    'payments/store.ts',
    'const due = nextLook(payment, now());',
    'const due = payment.close_requested_at ? undefined : nextLook(payment, now());',
  ),
  mutant(
    'only the first receipt is shown to reconciliation',
    'payments/following/apply-outcome.ts',
    'if (!flow || flow === keyOf(first)) return [];',
    'if (flow !== "") return [];',
  ),
  mutant('a payment is in no day’s flow', 'payments/store.ts', 'flow: flowOf(payment),', 'flow: undefined,'),
  mutant(
    'late money is told as paid',
    'payments/events.ts',
    "paid_late: 'payment.paid_late'",
    "paid_late: 'payment.paid'",
  ),
  mutant('a duplicate is told to nobody', 'payments/events.ts', '...duplicates.map(', '...duplicates.slice(1).map('),
  mutant(
    'a callback is acknowledged though it could not be applied',
    'callbacks/take-callback.ts',
    'if (!(error instanceof CallbackRefused)) throw error;',
    'if (!(error instanceof CallbackRefused)) return opened.kind.acknowledge(true);',
  ),
  mutant(
    'bytes that are kept count as applied',
    'callbacks/take-callback.ts',
    'const isNew = await deps.callbacks.keep(callback);',
    'const isNew = await deps.callbacks.keep(callback);\n  if (!isNew) return opened.kind.acknowledge(true);',
  ),
  mutant(
    'journals are posted for new rows only',
    'changes/change.ts',
    'journals: fresh(receiptsOf(is), was ? receiptsOf(was) : []),',
    'journals: was ? [] : receiptsOf(is),',
  ),
  mutant(
    'a mismatch opens no difference',
    'changes/change.ts',
    'differences: fresh(differencesOf(is), was ? differencesOf(was) : []),',
    'differences: [],',
  ),
  mutant(
    'what could not be told is forgotten',
    'notifications/announce.ts',
    "  for (const result of told) if (result.status === 'rejected') throw result.reason;\n",
    '',
  ),
  mutant(
    'a notice that was put is taken for sent',
    'notifications/announce.ts',
    'if (saved.existing) return saved.existing;',
    "if (saved.existing) return { ...saved.existing, status: 'delivered' };",
  ),
  mutant(
    'the schedule of notices skips a step',
    'notifications/notice.ts',
    'const attempt = before.attempt + 1;',
    'const attempt = before.attempt + 2;',
  ),
  mutant(
    'more than what is left is refunded',
    'refunds/making/prepare-refund.ts',
    "if (asked.amount <= 0n || asked.amount > refundable(payment)) throw new Failure('refund_exceeds_refundable');",
    '',
  ),
  mutant(
    'a refund does not take from what is refundable',
    'refunds/making/prepare-refund.ts',
    'deps.payments.write(payment),',
    '',
  ),
  mutant(
    'a refund’s number with other content answers the old one',
    'refunds/making/create-refund.ts',
    "if (!same) throw new Failure('idempotency_conflict');",
    '',
  ),
  mutant(
    'a refund without an answer has failed',
    'refunds/making/send-refund.ts',
    'return loseRefundAnswer(deps, refund.id);',
    "return applyRefundOutcome(deps, refund.id, { kind: 'failed', failure: { code: 'x', message: 'x' } });",
  ),
  mutant(
    'a refund is tried again under a new number',
    'refunds/making/send-refund.ts',
    'return await channel.refund({\n      ...refundRef(refund),',
    "return await channel.refund({\n      ...refundRef(refund), ...(refund.status === 'unknown' && { channelRefundNo: `${refundRef(refund).channelRefundNo}2` }),",
  ),
  mutant(
    'a refund that the channel does not know yet has failed',
    'refunds/making/send-refund.ts',
    '? await sendAgain(deps, refund)',
    "? await applyRefundOutcome(deps, id, { kind: 'failed', failure: { code: 'x', message: 'x' } })",
  ),
  mutant(
    'a refund ends without its payment',
    'refunds/apply-refund-outcome.ts',
    '...(decided.payment === payment ? [] : [deps.payments.write(decided.payment)]),',
    '',
  ),
  mutant('a refund’s end is heard again', 'refunds/apply-refund-outcome.ts', '  !isUnderWay(refund) ||\n', ''),
  mutant(
    'a failed refund’s money stays held',
    'refunds/apply-refund-outcome.ts',
    'beside: deps.ledger.writes(reversalJournal(ended), guards),',
    'beside: [],',
  ),
  mutant(
    'the channel’s cost comes back in full each time',
    'refunds/totals.ts',
    'shareReturned(cost, charged, accepted + amount, cost_returned)',
    'shareReturned(cost, charged, charged, 0n)',
  ),
  mutant(
    'a refund under way is not looked at',
    'refunds/store.ts',
    '...(isUnderWay(refund) && {',
    '...(refund.version < 0 && {',
  ),
  mutant(
    'an answer to the placing revives a mismatch',
    'payments/placing/start-attempt.ts',
    'attempt.mismatch\n      ? attempt',
    'attempt.mismatch && now.getTime() === 0\n      ? attempt',
  ),
  mutant(
    'that an order is sent once more is not written down first',
    'payments/placing/start-attempt.ts',
    '{ ...attempt, sent_again_at: now }',
    'attempt',
  ),
  mutant(
    'an order that was sent since is believed absent',
    'payments/following/ask-channel.ts',
    'ofVersion: payment.version,',
    '',
  ),
];

/** The real code as one module, with a bug in it. What it replaces must be there exactly once: a bug that is not put in proves nothing. */
export const withBug = async ({ file, was, is, bug }: Mutant): Promise<Code> => {
  const path = join(root, file);
  const source = readFileSync(path, 'utf8');
  const found = source.split(was).length - 1;
  if (found !== 1) throw new Error(`“${bug}”: what it replaces is ${found} times in ${file}`);
  const { outputFiles } = await build({
    entryPoints: [join(root, 'test/simulation/code.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: ['@aws-sdk/*', 'zod', 'ulid', '@middy/*', 'ipaddr.js', 'structured-headers'],
    logLevel: 'error',
    plugins: [
      {
        name: 'bug',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path: loaded }) =>
            loaded === path ? { contents: source.replace(was, () => is), loader: 'ts' } : undefined,
          ),
      },
    ],
  });
  const folder = join(root, 'node_modules/.cache/simulation');
  mkdirSync(folder, { recursive: true });
  const out = join(folder, `${bug.replaceAll(/\W+/g, '-')}.mjs`);
  writeFileSync(out, outputFiles[0]!.text);
  return (await import(/* @vite-ignore */ `${pathToFileURL(out).href}?${Date.now()}`)) as Code;
};
