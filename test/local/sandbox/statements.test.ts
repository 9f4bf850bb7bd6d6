import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { feeOf, feeReturned } from '../../../local/sandbox/fees.ts';
import {
  billOf,
  call,
  control,
  given,
  orderNo,
  paid,
  pays,
  placed,
  refunded,
  statementOf,
  today,
  totalsOf,
  type Given,
} from './given.ts';

let world: Given;
beforeAll(async () => {
  world = await given();
});
afterAll(() => world.end());

/** Moves to a time of the next Beijing day. */
const goTo = async (time: string): Promise<string> => {
  const now = world.clock.now().getTime();
  const date = new Date(Date.parse(`${today(world)}T12:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  await world.clock.advance(Math.ceil((Date.parse(`${date}T${time}+08:00`) - now) / 1000));
  return date;
};
const bill = (date: string, type = 'ALL') =>
  call(world, 'GET', `/v3/bill/tradebill?bill_date=${date}&bill_type=${type}`);
const download = async (date: string, type = 'ALL') => {
  const { json } = await bill(date, type);
  const { pathname, search } = new URL(String(json['download_url']));
  const { bytes } = await call(world, 'GET', pathname + search);
  expect(json['hash_value']).toBe(createHash('sha1').update(bytes).digest('hex'));
  return bytes;
};

const ALL_COLUMNS =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';

describe('a day’s trade bill', () => {
  it('has the form of the real ones: mark, 27 columns, CRLF, backticks, totals, a last line end', async () => {
    const date = await goTo('09:00:00');
    const no = await paid(world, { attach: 'counter 3' });
    await refunded(world, no, orderNo(), 3_333);
    await world.sandbox.idle();
    const bytes = await download(date);
    expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    const { text, header, rows, summary, rest } = billOf(bytes);
    expect(header.join(',')).toBe(ALL_COLUMNS);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(rest).toEqual(['']);
    expect(rows).toHaveLength(2);
    const { appid, mchid } = world.sandbox.credentials.wechat;
    expect(rows[0]).toMatchObject({
      交易时间: expect.stringMatching(`^${date} 09:00:0`),
      公众账号ID: appid,
      商户号: mchid,
      特约商户号: '0',
      商户订单号: no,
      交易类型: 'NATIVE',
      交易状态: 'SUCCESS',
      货币种类: 'CNY',
      应结订单金额: '100.00',
      代金券金额: '0.00',
      微信退款单号: '0',
      商户退款单号: '0',
      退款金额: '0.00',
      退款类型: '',
      退款状态: '',
      商品名称: '算盘一把',
      商户数据包: 'counter 3',
      手续费: '0.60000',
      费率: '0.60%',
      订单金额: '100.00',
      申请退款金额: '0.00',
    });
    expect(rows[1]).toMatchObject({
      商户订单号: no,
      交易状态: 'REFUND',
      应结订单金额: '0.00',
      退款金额: '33.33',
      退款类型: 'ORIGINAL',
      退款状态: 'SUCCESS',
      手续费: '-0.20000',
      订单金额: '0.00',
      申请退款金额: '33.33',
    });
    expect(summary).toEqual({
      总交易单数: '2',
      应结订单总金额: '100.00',
      退款总金额: '33.33',
      充值券退款总金额: '0.00',
      手续费总金额: '0.40000',
      订单总金额: '100.00',
      申请退款总金额: '33.33',
    });
  });

  it('is cut at midnight in Beijing: a payment by its success, a refund by its acceptance', async () => {
    const first = await goTo('23:59:50');
    const before = await paid(world);
    const open = await placed(world);
    const second = await goTo('00:00:00');
    await pays(world, open);
    const refundNo = orderNo();
    await refunded(world, before, refundNo, 10_000);
    const rows = async (date: string) =>
      billOf((await statementOf(world, date)).bytes).rows.map((row) => [
        row['商户订单号'],
        row['交易状态'],
        row['交易时间'],
      ]);
    expect(await rows(first)).toEqual([[before, 'SUCCESS', expect.stringMatching(`^${first} 23:59:5`)]]);
    expect(await rows(second)).toEqual([
      [open, 'SUCCESS', expect.stringMatching(`^${second} 00:00:0`)],
      [before, 'REFUND', expect.stringMatching(`^${second} 00:00:0`)],
    ]);
  });

  it('proves its totals by its own rows, whatever was paid and returned', async () => {
    const date = await goTo('10:00:00');
    const story = fc.record({
      total: fc.integer({ min: 1, max: 1_000_000 }),
      parts: fc.array(fc.integer({ min: 1, max: 400_000 }), { maxLength: 3 }),
    });
    for (const { total, parts } of fc.sample(story, { numRuns: 25, seed: 20_260_131 })) {
      const no = await paid(world, { amount: { total, currency: 'CNY' } });
      for (const part of parts) await refunded(world, no, orderNo(), part, total);
    }
    const { rows, summary } = billOf(await download(date));
    expect(rows.length).toBeGreaterThan(25);
    expect(summary).toEqual(totalsOf(rows));
  });

  it('keeps a merchant’s commas and line ends from breaking its rows', async () => {
    const date = await goTo('11:00:00');
    await paid(world, { description: '算盘,两把"大"\n一把小', attach: 'a,b\r\nc' });
    const { rows } = billOf(await download(date));
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ 商品名称: '算盘\\ 两把"大"\\n一把小', 商户数据包: 'a\\ b\\nc' });
  });

  it('is the same bytes for the merchant and for the control side', async () => {
    const date = await goTo('12:00:00');
    await paid(world);
    expect((await statementOf(world, date)).bytes.equals(await download(date))).toBe(true);
  });

  it('comes as payments alone and as refunds alone, which are dated by the payment they return', async () => {
    const paidOn = await goTo('13:00:00');
    const no = await paid(world);
    const date = await goTo('14:00:00');
    await refunded(world, no, orderNo(), 100);
    await paid(world);
    await world.sandbox.idle();
    const successes = billOf(await download(date, 'SUCCESS'));
    expect(successes.header).toHaveLength(20);
    expect(successes.rows).toMatchObject([{ 交易状态: 'SUCCESS' }]);
    const refunds = billOf(await download(date, 'REFUND'));
    expect(refunds.header).toHaveLength(29);
    expect(refunds.rows).toMatchObject([
      {
        交易时间: expect.stringMatching(`^${paidOn} 13:00:0`),
        退款申请时间: expect.stringMatching(`^${date} 14:00:0`),
        退款成功时间: expect.stringMatching(`^${date} 14:00:0`),
      },
    ]);
    expect(await bill(paidOn, 'REFUND')).toMatchObject({ status: 400, json: { code: 'NO_STATEMENT_EXIST' } });
  });

  it('does not exist for a day without trades', async () => {
    expect(await bill('2020-01-01')).toMatchObject({ status: 400, json: { code: 'NO_STATEMENT_EXIST' } });
    expect((await statementOf(world, '2020-01-01')).status).toBe(404);
  });

  it('is refused for what is no day, and by the control side for a kind that is not made', async () => {
    expect(await bill('2026-02-30')).toMatchObject({ status: 400, json: { code: 'PARAM_ERROR' } });
    expect((await statementOf(world, '2026-02-30')).status).toBe(400);
    expect((await control(world, 'GET', `/statements/wechat/${today(world)}/gossip`)).status).toBe(404);
    expect((await control(world, 'GET', `/statements/paypal/${today(world)}/trade`)).status).toBe(404);
  });

  it('is fetched within five minutes, by the merchant only', async () => {
    const date = await goTo('15:00:00');
    await paid(world);
    const { json } = await bill(date);
    const { pathname, search } = new URL(String(json['download_url']));
    expect((await fetch(String(json['download_url']))).status).toBe(401);
    await world.clock.advance(290);
    expect((await call(world, 'GET', pathname + search)).status).toBe(200);
    await world.clock.advance(11);
    expect((await call(world, 'GET', pathname + search)).status).toBe(400);
  });
});

describe('a day’s fund bill', () => {
  const fund = async (date: string, type = 'BASIC') => {
    const offered = await call(
      world,
      'GET',
      `/v3/bill/fundflowbill?bill_date=${date}&account_type=${type}&tar_type=GZIP`,
    );
    if (offered.status !== 200) return offered;
    const { pathname, search } = new URL(String(offered.json['download_url']));
    const bytes = gunzipSync((await call(world, 'GET', pathname + search)).bytes);
    expect(offered.json['hash_value']).toBe(createHash('sha1').update(bytes).digest('hex'));
    return { ...offered, bytes };
  };

  it('is the money of the trade bill: gross in, fee out, refund out, its fee in, and what was left', async () => {
    const date = await goTo('09:00:00');
    const no = await paid(world);
    const refundNo = orderNo();
    await refunded(world, no, refundNo, 3_333);
    await paid(world, { amount: { total: 1, currency: 'CNY' } });
    const { bytes } = await fund(date);
    const { header, rows, summary, rest } = billOf(bytes);
    expect(header.join(',')).toBe(
      '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号',
    );
    expect(rest).toEqual(['']);
    const moved = rows.map((row) => [row['业务类型'], row['收支类型'], row['收支金额(元)'], row['业务凭证号']]);
    expect(moved).toEqual([
      ['交易', '收入', '100.00', no],
      ['扣除交易手续费', '支出', '0.60', no],
      ['退款', '支出', '33.33', refundNo],
      ['退还交易手续费', '收入', '0.20', refundNo],
      ['交易', '收入', '0.01', expect.any(String)],
    ]);
    const left = rows.map((row) => Math.round(Number(row['账户结余(元)']) * 100));
    expect(left.map((balance, index) => balance - (left[index - 1] ?? left[0]! - 10_000))).toEqual([
      10_000, -60, -3_333, 20, 1,
    ]);
    expect(summary).toEqual({
      资金流水总笔数: '5',
      收入笔数: '3',
      收入金额: '100.21',
      支出笔数: '2',
      支出金额: '33.93',
    });
    expect((await control(world, 'GET', `/statements/wechat/${date}/fund`)).bytes.equals(bytes)).toBe(true);
  });

  it('says what the trade bill of the day says, in total', async () => {
    const date = await goTo('10:00:00');
    for (const total of [12_345, 99, 84, 1_000_000]) {
      const no = await paid(world, { amount: { total, currency: 'CNY' } });
      if (total > 100) await refunded(world, no, orderNo(), 50, total);
    }
    const { summary: trade } = billOf(await download(date));
    const { summary: funds } = billOf((await fund(date)).bytes);
    const cents = (text: string | undefined) => Math.round(Number(text) * 100);
    expect(cents(funds['收入金额']) - cents(funds['支出金额'])).toBe(
      cents(trade['订单总金额']) - cents(trade['申请退款总金额']) - cents(trade['手续费总金额']),
    );
  });

  it('does not exist for a day on which nothing moved, nor of the other accounts', async () => {
    expect(await fund('2020-01-01')).toMatchObject({ status: 400, json: { code: 'NO_STATEMENT_EXIST' } });
    expect(await fund(today(world), 'FEES')).toMatchObject({ status: 400, json: { code: 'NO_STATEMENT_EXIST' } });
    expect(await fund(today(world), 'MINE')).toMatchObject({ status: 400, json: { code: 'PARAM_ERROR' } });
  });
});

describe('the fee', () => {
  it.each([
    [1, 0],
    [83, 0],
    [84, 1],
    [250, 2],
    [10_000, 60],
    [10_000_000_000, 60_000_000],
  ])('of %i fen is %i fen: 0.60 %%, half a fen up', (amount, fee) => {
    expect(feeOf(amount, 6000)).toBe(fee);
  });

  it('comes back exactly with a payment refunded in any pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 200_000_000 }), { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 0, max: 10_000 }),
        (parts, ppm) => {
          const amount = parts.reduce((so, part) => so + part, 0);
          const fee = feeOf(amount, ppm);
          const end = parts.reduce(
            (so, part) => {
              const share = feeReturned({ amount, fee }, so, part);
              expect(share).toBeGreaterThanOrEqual(0);
              return { amount: so.amount + part, fee: so.fee + share };
            },
            { amount: 0, fee: 0 },
          );
          expect(end).toEqual({ amount, fee });
        },
      ),
    );
  });
});
