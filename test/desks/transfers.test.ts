import { expect, test } from 'vitest';

import { free, letGoReceipts, type Deps } from '#desks/transfers/receipts.ts';
import { derivedId } from '#kernel/id.ts';
import { ReceiptStatus, type BankReceipt } from '#remittances/receipt.ts';

import * as given from '../given.ts';

const [mine, another] = [derivedId('apr', 'mine'), derivedId('apr', 'another')];

const receipt = (over: Partial<BankReceipt>): BankReceipt => ({
  id: derivedId('brc', `${over.status} ${over.approval_id}`),
  version: 1,
  channel_account_id: given.channelAccount().id,
  merchant_id: derivedId('mch', 'a'),
  status: 'open',
  amount: 1_000n,
  currency: 'CNY',
  booked_on: given.today,
  value_on: given.today,
  is_reversal: false,
  bank_reference: '',
  text: '',
  payer: { name: '', account: '' },
  match: 'unknown',
  time_zone: 'Asia/Shanghai',
  object_key: 'a',
  line: 1,
  received_at: given.noon,
  ...over,
});

const all = ReceiptStatus.options.flatMap((status) =>
  [mine, another, undefined].map((approval_id) => receipt({ status, approval_id })),
);
const isMine = ({ status, approval_id }: BankReceipt) => status === 'pending_review' && approval_id === mine;

test('money on a statement is free for who submits while it is open, and for an approval while it waits for that very one', () => {
  for (const each of all) {
    const answer = (holder: typeof mine | undefined) => {
      try {
        return free(each, holder) === each;
      } catch {
        return false;
      }
    };
    expect([each.status, answer(undefined)]).toEqual([each.status, each.status === 'open']);
    expect([each.status, each.approval_id, answer(mine)]).toEqual([each.status, each.approval_id, isMine(each)]);
  }
});

test('an approval of which nothing came lets go what waits for it: not what is a payment’s or gone back, nor what waits for another', async () => {
  const released: BankReceipt[] = [];
  const receipts = {
    getMany: async () => all,
    write: (after: BankReceipt) => {
      released.push(after);
      return {};
    },
  } as unknown as Deps['receipts'];
  await letGoReceipts({ receipts }, [], mine);
  expect(released).toEqual(all.filter(isMine).map((each) => ({ ...each, status: 'open', approval_id: undefined })));
});
