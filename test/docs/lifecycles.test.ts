import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { agreements } from '#agreements/agreement.ts';
import { approvals } from '#approvals/approval.ts';
import { callbacks } from '#callbacks/callback.ts';
import { merchants } from '#merchants/merchant.ts';
import { attempts } from '#payments/attempt.ts';
import { payouts } from '#payouts/payout.ts';
import { batches } from '#reconciliation/batch.ts';
import { refunds } from '#refunds/refund.ts';
import { holds } from '#wallets/hold.ts';

type Table = Readonly<Record<string, Readonly<Partial<Record<string, string>>>>>;

/** Each with the file that it is read from. */
const machines: readonly { title: string; file: string; table: Table }[] = [
  { title: 'Payment attempt 支付尝试', file: 'functions/payments/attempt.ts', table: attempts.table },
  { title: 'Refund 退款', file: 'functions/refunds/refund.ts', table: refunds.table },
  { title: 'Payout 代付', file: 'functions/payouts/payout.ts', table: payouts.table },
  { title: 'Agreement 签约', file: 'functions/agreements/agreement.ts', table: agreements.table },
  { title: 'Hold 冻结', file: 'functions/wallets/hold.ts', table: holds.table },
  { title: 'Merchant 商户', file: 'functions/merchants/merchant.ts', table: merchants.table },
  { title: 'Callback 回调', file: 'functions/callbacks/callback.ts', table: callbacks.table },
  { title: 'Batch 对账批次', file: 'functions/reconciliation/batch.ts', table: batches.table },
  { title: 'Approval 制单/复核', file: 'functions/approvals/approval.ts', table: approvals.table },
];

const edges = (table: Table): [from: string, event: string, to: string][] =>
  Object.entries(table).flatMap(([from, events]) =>
    Object.entries(events).flatMap(([event, to]): [string, string, string][] =>
      to === undefined ? [] : [[from, event, to]],
    ),
  );

/** The first state of a table is where things begin; one that nothing leaves is an end. */
const drawn = (table: Table): string => {
  const [first = ''] = Object.keys(table);
  const ends = Object.keys(table).filter((state) => Object.keys(table[state] ?? {}).length === 0);
  return [
    '```mermaid',
    'stateDiagram-v2',
    `  [*] --> ${first}`,
    ...edges(table).map(([from, event, to]) => `  ${from} --> ${to}: ${event}`),
    ...ends.map((end) => `  ${end} --> [*]`),
    '```',
  ].join('\n');
};

const document = [
  '# Lifecycles',
  'Drawn from the tables in the code: what is not drawn is refused. `npx vitest run test/docs -u` draws them again.',
  ...machines.flatMap(({ title, file, table }) => [`## ${title}`, `[${file}](../${file})`, drawn(table)]),
].join('\n\n');

describe('docs/lifecycles.md', () => {
  test('is what the code says', () => expect(`${document}\n`).toMatchFileSnapshot('../../docs/lifecycles.md'));

  test('has every state machine that there is', () => {
    const root = join(import.meta.dirname, '../..');
    const users = globSync('functions/**/*.ts', { cwd: root }).filter((file) =>
      readFileSync(join(root, file), 'utf8').includes("from '#kernel/machine.ts'"),
    );
    expect(machines.map(({ file }) => file).toSorted()).toEqual(users.toSorted());
  });

  test('would differ if an edge did', () => {
    expect(drawn({ a: { go: 'b' }, b: {} })).not.toBe(drawn({ a: { go: 'a' }, b: {} }));
  });
});
