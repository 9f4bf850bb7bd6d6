import * as z from 'zod';

import type { ChannelAccount } from '#channels/account.ts';
import { CallbackRefused, type Capabilities, type Channel, type ChannelKind } from '#channels/channel.ts';
import { StatementError } from '#channels/statement.ts';
import { IdOf } from '#kernel/id.ts';
import { remittanceReference } from '#remittances/reference.ts';

import { readBankFile, StatementFormat } from './statements/read.ts';

const capabilities: Capabilities = {
  methods: ['bank_transfer'],
  needs: {},
  currencies: ['CNY'],
  amountMin: 1n,
  amountMax: 10_000_000_000n,
  // Nobody can be kept from transferring: what comes after the end of a payment is late.
  canClose: false,
  // A transfer is given back by another transfer, which is a payout.
  refund: { maxAgeDays: 0, partial: false, multiple: false },
  // Its statements are entries of an account, and are taken in entry by entry.
  statements: [],
};

const Settings = z.strictObject({
  /** Where payers transfer to: 账号, 户名, 开户行. */
  account: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z -]{3,39}$/),
  account_name: z.string().min(1).max(100),
  bank_name: z.string().min(1).max(100),
  /** The merchant in whose part of the books money waits until it is known whose it is. */
  held_by: IdOf('mch'),
  statement: StatementFormat,
});

const channelOf = ({ account, account_name, bank_name }: z.infer<typeof Settings>): Channel => ({
  identity: { merchant: account, app: 'bank' },

  place: async ({ channelOrderNo }) => ({
    kind: 'placed',
    action: {
      type: 'remit',
      account: `${account_name} · ${account} · ${bank_name}`,
      reference: remittanceReference(channelOrderNo),
    },
  }),

  // Only a statement that finance has confirmed says that money came.
  query: async () => ({ kind: 'pending' }),
  close: async () => ({ kind: 'ask' }),

  refund: async () => ({
    kind: 'failed',
    failure: { code: 'unsupported', message: 'a bank transfer is given back by a payout' },
  }),
  queryRefund: async () => ({ kind: 'absent' }),

  fetchStatement: async () => ({ kind: 'no_trades' }),

  readCallback: () => {
    throw new CallbackRefused('banks do not call back');
  },
});

/** 线下转账: money that payers transfer to an account of ours, known by the reference they write beside it. */
export const bank: ChannelKind = {
  name: 'bank',
  capabilities,
  settings: Settings,
  // It has none: nobody is called.
  secrets: z.strictObject({}).default({}),
  open: ({ settings }) => channelOf(Settings.parse(settings)),
  acknowledge: () => ({ status: 404, body: '' }),
  readStatement: async () => {
    throw new StatementError(1, 'a bank account has entries, not trades');
  },
  readEntries: (bytes, { settings }: ChannelAccount) => {
    const { statement, account } = Settings.parse(settings);
    return readBankFile(bytes, statement, account);
  },
};
