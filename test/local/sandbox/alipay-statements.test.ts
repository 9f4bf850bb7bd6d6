import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture, needing, noFixtures } from '../../channels/fixtures.ts';
import {
  armed,
  asked,
  billOf,
  call,
  content,
  membersOf,
  orderNo,
  paid,
  refunded,
  sheetOf,
  statement,
} from './alipay-merchant.ts';
import { control, given, today, type Given } from './given.ts';

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

const fen = (yuan: string | undefined): number => Math.round(Number(yuan) * 100);
const sum = (rows: readonly Record<string, string>[], column: string) =>
  (rows.reduce((total, row) => total + fen(row[column]), 0) / 100).toFixed(2);
const offered = async (bill_date: string, bill_type = 'trade') =>
  call(world, 'alipay.data.dataservice.bill.downloadurl.query', { bill_type, bill_date });
const fetched = async (url: unknown) => {
  const response = await fetch(String(url));
  return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
};

describe('a day’s trade bill', () => {
  it('tells payments and refunds of that day alone, with totals its own lines prove', async () => {
    const before = await goTo('23:50:00');
    const early = await paid(world, { total_amount: '50.00' });
    const date = await goTo('09:00:00');
    const one = await paid(world, { subject: '镕喆书店, "图书"\t😀\n二' });
    const other = await paid(world, { total_amount: '0.01' });
    await refunded(world, one, 'R1', '30.00');
    await refunded(world, early, 'R2', '50.00');
    const archive = (await statement(world, 'trade', date)).bytes;
    const { names, summary, detail } = await billOf(archive);

    const account = `${world.sandbox.credentials.alipay.seller_id}0156`;
    const stem = `${account}_${date.replaceAll('-', '')}`;
    expect(names).toEqual([`${stem}_业务明细(汇总).csv`, `${stem}_业务明细.csv`]);
    expect(
      detail.rows.map((row) => [row['商户订单号'], row['业务类型'], row['商家实收（元）'], row['服务费（元）']]),
    ).toEqual([
      [one, '交易', '100.00', '-0.60'],
      [other, '交易', '0.01', '0.00'],
      [one, '退款', '-30.00', '0.18'],
      [early, '退款', '-50.00', '0.30'],
    ]);
    expect(detail.rows[0]?.['商品名称']).toBe('镕喆书店， "图书" ? 二');
    // A refund keeps the time its payment was begun at; its own time decides the day.
    expect(detail.rows[3]?.['创建时间']?.slice(0, 10)).toBe(before);
    expect(detail.rows[3]?.['完成时间']?.slice(0, 10)).toBe(date);
    expect(detail.rows.map((row) => row['退款批次号/请求号'])).toEqual(['', '', 'R1', 'R2']);
    expect(detail.foot.slice(1, 3)).toEqual([
      '#交易合计：2笔，商家实收共100.01元，商家优惠共0.00元',
      '#退款合计：2笔，商家实收退款共-80.00元，商家优惠退款共0.00元',
    ]);
    expect(summary.rows).toMatchObject([
      {
        交易订单总笔数: '2',
        退款订单总笔数: '2',
        '商家实收（元）': sum(detail.rows, '商家实收（元）'),
        '服务费（元）': sum(detail.rows, '服务费（元）'),
        '实收净额（元）': '19.89',
      },
    ]);
    expect(
      await billOf((await statement(world, 'trade', before)).bytes).then((bill) => bill.detail.rows),
    ).toMatchObject([{ 商户订单号: early, 业务类型: '交易' }]);
    // The same day is the same bytes, whenever it is asked for.
    await world.clock.advance(3);
    expect((await statement(world, 'trade', date)).bytes.equals(archive)).toBe(true);
  });

  it('is an archive whose check sums are true and whose names claim no UTF-8', async () => {
    const date = today(world);
    const members = await membersOf((await statement(world, 'trade', date)).bytes);
    expect(members).toHaveLength(2);
    for (const { bytes, crc32: claimed, flags } of members) {
      expect(crc32(bytes)).toBe(claimed);
      expect(flags).toBe(0);
      const text = new TextDecoder('gb18030', { fatal: true }).decode(bytes);
      expect(text.endsWith('\r\n')).toBe(true);
      expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    }
  });

  it.skipIf(noFixtures)(`has the form of the real ones ${needing}`, async () => {
    const blank = (text: string) => text.replaceAll(/-{20,}/g, '---').replaceAll(/\d+/g, '0');
    for (const [kind, path] of [
      ['trade', 'alipay/statements/trade.20260101.gbk.zip'],
      ['fund', 'alipay/statements/signcustomer.20260101.gbk.zip'],
    ] as const) {
      const real = await membersOf(fixture(path));
      const ours = await membersOf((await statement(world, kind)).bytes);
      expect(ours.map(({ name }) => blank(name))).toEqual(real.map(({ name }) => blank(name)));
      for (const [index, member] of real.entries()) {
        const [theirs, mine] = [sheetOf(member.bytes), sheetOf(ours[index]!.bytes)];
        expect(mine.header).toEqual(theirs.header);
        expect(mine.head.map(blank)).toEqual(theirs.head.map(blank));
        expect(mine.foot.map(blank).filter((line) => !line.includes('合计'))).toEqual(
          theirs.foot.map(blank).filter((line) => !line.includes('合计')),
        );
        const names = (foot: string[]) => foot.map((line) => blank(line.split('：')[0] ?? ''));
        expect(names(mine.foot)).toEqual(names(theirs.foot));
        // Where a cell ends with a tab, so that the tabs are no accident.
        const tabs = (text: string) => {
          const line = text.split('\r\n')[5] ?? '';
          return line.split(',').map((cell) => cell.endsWith('\t'));
        };
        expect(tabs(mine.text)).toEqual(tabs(theirs.text));
      }
    }
  });
});

describe('a day’s fund bill', () => {
  it('tells every movement with what was left, and what came and went in all', async () => {
    const date = await goTo('09:00:00');
    const no = await paid(world);
    await refunded(world, no, 'R1', '30.00');
    const transfer = {
      out_biz_no: orderNo(),
      trans_amount: '12.34',
      product_code: 'TRANS_ACCOUNT_NO_PWD',
      biz_scene: 'DIRECT_TRANSFER',
      payee_info: { identity: '2088123456789012', identity_type: 'ALIPAY_USER_ID' },
    };
    await call(world, 'alipay.fund.trans.uni.transfer', transfer);
    await control(world, 'POST', `/payees/alipay/${transfer.out_biz_no}/bounce`);
    const { detail, summary } = await billOf((await statement(world, 'fund', date)).bytes);
    const amounts = detail.rows.map((row) => [row['业务类型'], row['收入金额（+元）'], row['支出金额（-元）']]);
    expect(amounts).toEqual([
      ['在线支付', '100.00', '0.00'],
      ['收费', '0.00', '-0.60'],
      ['交易退款', '0.00', '-30.00'],
      ['退费', '0.18', '0.00'],
      ['转账', '0.00', '-12.34'],
      ['转账退回', '12.34', '0.00'],
    ]);
    const balances = detail.rows.map((row) => fen(row['账户余额（元）']));
    for (const [index, row] of detail.rows.entries()) {
      const moved = fen(row['收入金额（+元）']) + fen(row['支出金额（-元）']);
      if (index > 0) expect(balances[index]! - balances[index - 1]!).toBe(moved);
    }
    expect(new Set(detail.rows.map((row) => row['账务流水号'])).size).toBe(6);
    expect(detail.foot.slice(1, 3)).toEqual(['#支出合计：3笔，共-42.94元', '#收入合计：3笔，共112.52元']);
    expect(summary.rows).toMatchObject([{ 收入笔数: '3', 支出笔数: '3', '总金额（元）': '69.58' }]);
  });
});

describe('a bill’s address', () => {
  it('leads to the very bytes of the control side, for half a minute', async () => {
    await paid(world);
    const date = today(world);
    for (const [type, kind] of [
      ['trade', 'trade'],
      ['signcustomer', 'fund'],
    ] as const) {
      const { bill_download_url: url } = await offered(date, type);
      const { status, bytes } = await fetched(url);
      expect(status).toBe(200);
      expect(bytes.equals((await statement(world, kind, date)).bytes)).toBe(true);
      await world.clock.advance(31);
      expect((await fetched(url)).status).toBe(403);
    }
  });

  it('is signed: another file’s cannot be made of it', async () => {
    await paid(world);
    const { bill_download_url: url } = await offered(today(world));
    for (const [from, to] of [
      [/fileId=\w\w/, 'fileId=zz'],
      [/token=\w\w/, 'token=zz'],
      [/&token=\w+/, ''],
      [/timestamp=\d+/, 'timestamp=1'],
    ] as const) {
      expect((await fetched(String(url).replace(from, to))).status).toBe(403);
    }
  });

  it('of a day without trades there is none, nor of what is no bill', async () => {
    expect(await offered('2020-01-01')).toMatchObject({ code: '40004', sub_code: 'isp.bill_not_exist' });
    expect(await offered('2020-01')).toMatchObject({ code: '40004', sub_code: 'ACQ.INVALID_PARAMETER' });
    expect((await statement(world, 'trade', '2020-01-01')).status).toBe(404);
    expect((await statement(world, 'nonsense')).status).toBe(404);
  });
});

describe('a spoilt statement', () => {
  const bill = () => statement(world).then(({ bytes }) => billOf(bytes));

  it('truncated_statement: stops inside a row, before the end of the list; the next one is whole', async () => {
    await paid(world);
    await armed(world, 'truncated_statement');
    const [torn, whole] = [await bill(), await bill()];
    expect(whole.detail.text.startsWith(torn.detail.text)).toBe(true);
    expect(torn.detail.text).not.toContain('列表结束');
    expect(torn.detail.text.endsWith('\r\n')).toBe(false);
    expect(whole.detail.text).toContain('列表结束');
  });

  it('missing_line and extra_line: one payment too few, one too many, and totals that agree with the lines', async () => {
    await paid(world);
    const whole = await bill();
    await armed(world, 'missing_line');
    const short = await bill();
    expect(short.detail.rows).toHaveLength(whole.detail.rows.length - 1);
    await armed(world, 'extra_line');
    const long = await bill();
    expect(long.detail.rows).toHaveLength(whole.detail.rows.length + 1);
    for (const { detail, summary } of [short, long])
      expect(summary.rows[0]).toMatchObject({ '商家实收（元）': sum(detail.rows, '商家实收（元）') });
    const [ghost] = long.detail.rows.filter(
      (row) => !whole.detail.rows.some((known) => known['支付宝交易号'] === row['支付宝交易号']),
    );
    expect(await asked(world, ghost?.['商户订单号'] ?? '')).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST' });
    expect(ghost?.['商户订单号']).toMatch(/^[0-9A-Za-z]{8,32}$/);
  });

  it('fee_drift: the fee is a fen off in both statements, and comes back whole', async () => {
    await armed(world, 'fee_drift');
    const no = await paid(world);
    await refunded(world, no, 'R1', '100.00');
    const rows = (await bill()).detail.rows.filter((row) => row['商户订单号'] === no);
    expect(rows.map((row) => row['服务费（元）'])).toEqual(['-0.61', '0.61']);
    const funds = (await billOf((await statement(world, 'fund')).bytes)).detail.rows;
    expect(funds.find((row) => row['商户订单号'] === no && row['业务类型'] === '收费')).toMatchObject({
      '支出金额（-元）': '-0.61',
    });
  });
});

describe('a fault', () => {
  it('server_error: the next call is answered with not knowing, and nothing was done', async () => {
    await armed(world, 'server_error');
    const order = content();
    expect(await call(world, 'alipay.trade.precreate', order)).toMatchObject({ code: '20000' });
    expect((await control(world, 'POST', `/payer/alipay/${order.out_trade_no}/pay`)).status).toBe(404);
  });
});
