import { describe, expect, test, vi } from 'vitest';

import { limitsOfCalls } from '../contract.ts';
import {
  answering,
  byCode,
  channel,
  methodsAsked,
  named,
  no,
  notClosable,
  ok,
  order,
  orderIs,
  paid,
  responding,
  sent,
} from './world.ts';

describe('closing an order at Alipay', () => {
  const cancelled = (more: object) => ok({ ...named, retry_flag: 'N', ...more });

  test('never undoes a payment: what cannot be closed is asked about first', async () => {
    answering(notClosable, paid);
    expect(await channel.close(byCode)).toEqual({ kind: 'ask' });
    expect(methodsAsked()).toEqual(['alipay.trade.close', 'alipay.trade.query']);
  });

  test.each(['REASON_TRADE_STATUS_INVALID', 'REASON_ILLEGAL_STATUS', 'TRADE_STATUS_ERROR'])(
    'cancels a scanned code that still waits for its payer and cannot be closed (ACQ.%s)',
    async (code) => {
      answering(no(`ACQ.${code}`), orderIs('WAIT_BUYER_PAY'), cancelled({ action: 'close' }));
      expect(await channel.close(byCode)).toEqual({ kind: 'closed' });
      expect(methodsAsked()).toEqual(['alipay.trade.close', 'alipay.trade.query', 'alipay.trade.cancel']);
      expect(sent(2)).toEqual({ out_trade_no: order.channelOrderNo });
    },
  );

  test('cancels nothing else', async () => {
    answering(notClosable, orderIs('WAIT_BUYER_PAY'));
    expect(await channel.close(order)).toEqual({ kind: 'ask' });
    expect(methodsAsked()).not.toContain('alipay.trade.cancel');
  });

  test.each([
    [{ action: 'refund' }, 'closed'],
    [{}, 'absent'],
  ])('by a cancelling that answers %j is %s', async (more, outcome) => {
    answering(notClosable, orderIs('WAIT_BUYER_PAY'), cancelled(more));
    expect(await channel.close(byCode)).toEqual({ kind: outcome });
  });

  test.each([
    ['is to be tried again', cancelled({ retry_flag: 'Y', action: 'close' })],
    ['is of another order', cancelled({ out_trade_no: 'ANOTHERORDER', action: 'close' })],
    ['was refused', no('ACQ.SELLER_BALANCE_NOT_ENOUGH')],
    ['does what nobody knows', cancelled({ action: 'freeze' })],
  ])('by a cancelling that %s is unknown', async (_, said) => {
    answering(notClosable, orderIs('WAIT_BUYER_PAY'), said);
    await expect(channel.close(byCode)).rejects.toThrow();
  });

  test('that Alipay confirms of another order is unknown', async () => {
    answering(ok({ out_trade_no: 'ANOTHERORDER' }));
    await expect(channel.close(order)).rejects.toThrow('another order');
  });

  test('takes no longer than 8 seconds in all', async () => {
    const limits = limitsOfCalls();
    let calls = 0;
    responding(() => {
      calls += 1;
      return calls === 1 ? notClosable : { line: 'silence' };
    });
    const closing = expect(channel.close(byCode)).rejects.toThrow();
    await vi.waitFor(() => expect(calls).toBe(2), 5_000);
    expect(limits).toEqual([{ milliseconds: 8_000, pass: expect.any(Function) }]);
    limits[0]!.pass();
    await closing;
  });
});
