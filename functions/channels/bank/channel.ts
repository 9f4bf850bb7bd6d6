import * as z from 'zod';

import { CallbackRefused, type Capabilities, type Channel, type ChannelKind } from '#channels/channel.ts';
import { remittanceReference } from '#remittances/reference.ts';

import { Settings } from './settings.ts';

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
  entries: true,
};

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
};
