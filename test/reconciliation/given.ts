import * as fc from 'fast-check';

import type { ChannelAccount } from '#channels/account.ts';
import type { StatementLine } from '#channels/statement.ts';
import type { PlatformSide } from '#reconciliation/match.ts';

export const zone = 'Asia/Shanghai';
export const account: ChannelAccount = {
  id: 'chn_00000000000000000000000001',
  channel: 'paper',
  name: 'Paper',
  ownership: 'shared',
  status: 'enabled',
  methods: ['wechat_native'],
  time_zone: zone,
  cost: { rate_ppm: 6_000, fixed: 0n, min: 0n },
  settings: { mchid: '1900000001' },
};
export const billDate = '2026-01-05';
export const day = { channel_account_id: account.id, bill_date: billDate, kind: 'trade' } as const;

/** An instant of the bill date in Shanghai, or of the day after. */
export const at = (time: string, date = billDate) => new Date(`${date}T${time}+08:00`);

export const entry = (over: Partial<PlatformSide> = {}): PlatformSide => ({
  id: 'pay_1',
  kind: 'payment',
  merchantId: 'mch_1',
  channelOrderNo: 'ORDER1',
  channelTradeNo: 'TRADE1',
  amount: 1_000n,
  currency: 'CNY',
  fee: 6n,
  status: 'succeeded',
  at: at('12:00:00'),
  ...over,
});

export const line = (over: Partial<StatementLine> = {}): StatementLine => ({
  line: 2,
  kind: 'payment',
  channelOrderNo: 'ORDER1',
  channelTradeNo: 'TRADE1',
  amount: 1_000n,
  currency: 'CNY',
  fee: 6n,
  status: 'SUCCESS',
  at: at('12:00:00'),
  ...over,
});

export const refundEntry = (over: Partial<PlatformSide> = {}) =>
  entry({ id: 'rfd_1', kind: 'refund', refundNo: 'REFUND1', amount: 300n, fee: -2n, status: 'processing', ...over });

export const refundLine = (over: Partial<StatementLine> = {}) =>
  line({ kind: 'refund', refundNo: 'REFUND1', amount: 300n, fee: -2n, status: 'PROCESSING', ...over });

const kind = fc.constantFrom('payment' as const, 'refund' as const);
const few = (prefix: string, count: number) => fc.integer({ min: 1, max: count }).map((n) => `${prefix}${n}`);
const trade = {
  kind,
  channelOrderNo: few('ORDER', 6),
  channelTradeNo: few('TRADE', 3),
  refundNo: few('REFUND', 4),
  amount: fc.bigInt({ min: 1n, max: 4n }),
  fee: fc.bigInt({ min: -1n, max: 2n }),
};
const numbered = <Thing extends { kind: string; refundNo?: string }>({ refundNo, ...thing }: Thing) =>
  thing.kind === 'refund' ? { ...thing, refundNo } : thing;

/** Few numbers and few amounts, so that every way of meeting and missing happens. */
export const lines = fc
  .array(fc.record({ ...trade, status: fc.constantFrom('SUCCESS', 'PROCESSING', 'REVOKED') }), { maxLength: 25 })
  .map((some) => some.map((each, index) => line({ ...numbered(each), line: index + 2 })));

export const entries = fc
  .array(
    fc.record({
      ...trade,
      status: fc.constantFrom('succeeded', 'processing', 'failed'),
      at: fc.constantFrom(at('00:00:00'), at('12:00:00'), at('23:49:59'), at('23:50:00'), at('23:59:59')),
      carriedFrom: fc.option(fc.constant('2026-01-04'), { nil: undefined, freq: 4 }),
    }),
    { maxLength: 25 },
  )
  .map((some) =>
    some.map(({ carriedFrom, ...each }, index) =>
      entry({ ...numbered(each), id: `pay_${index + 1}`, ...(carriedFrom && { carriedFrom }) }),
    ),
  );

export const judges = fc.constantFrom(['payment', 'refund'] as const, ['payment'] as const, ['refund'] as const);
