import type { ChannelAccount } from './account.ts';
import { readStatement as alipay } from './alipay/bills/bill.ts';
import type { BankStatement } from './bank-statement.ts';
import { readEntries } from './bank/entries.ts';
import { readStatement as lakala } from './lakala/statement.ts';
import { StatementError, type Statement, type StatementKind } from './statement.ts';
import { readStatement as unionpay } from './unionpay/bills/bill.ts';
import { readFundBill } from './wechat/fund-bill.ts';
import { readTradeBill } from './wechat/trade-bill.ts';

/*
 * What reads the files of a kind of channel. It stands apart from the kinds themselves: whatever takes payments would otherwise
 * carry every parser through every cold start.
 */

/** Reads a statement file whole or not at all; rejects with a `StatementError`. A file may need to be told of which day it is. */
type ReadStatement = (bytes: Buffer, kind: StatementKind, billDate?: string) => Promise<Statement>;

/** Of a bank account, whose statements show entries and no orders: reads a file whole or not at all; throws a `StatementError`. */
export type ReadEntries = (bytes: Buffer, account: ChannelAccount) => readonly BankStatement[];

const statements = new Map<string, ReadStatement>([
  ['wechat', async (bytes, kind) => (kind === 'trade' ? readTradeBill(bytes) : readFundBill(bytes))],
  ['alipay', alipay],
  ['unionpay', unionpay],
  ['lakala', async (bytes) => lakala(bytes)],
]);

const entries = new Map<string, ReadEntries>([['bank', readEntries]]);

/** How the statements of a channel are read; one that has none is told so. */
export const statementReader = (channel: string): ReadStatement =>
  statements.get(channel) ??
  (async () => {
    throw new StatementError(1, `the channel ${channel} has no statements of trades`);
  });

export const entryReader = (channel: string): ReadEntries | undefined => entries.get(channel);
