import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, test } from 'vitest';

import { agreementsAt } from './agreement.ts';
import { changed, isRefund, readBill, renamed, writeBill, yuanOf, type Bill, type Row } from './bill.ts';
import { costOf, eventually, fresh, useMachine, type Batch } from './machine.ts';
import { dateInShanghai } from './shanghai.ts';

const machine = useMachine();

/** What was done on the day, by the story's own list. */
const amounts = [1_000, 2_000, 3_333, 4_000, 5_555];
const refunded = 1_111;
const net = (sum: readonly number[]) => sum.reduce((total, amount) => total + amount, 0);

let date = '';
let bill: Bill;
const orderNos: string[] = [];

beforeAll(async () => {
  const { paid, app, until, quiet, now } = machine();
  await machine().moveTo('10:00');
  date = dateInShanghai(now());
  for (const amount of amounts) orderNos.push((await paid({ amount })).attempts[0].channel_order_no);
  // 委托代扣: the sixth is deducted, and its line is like any other.
  const { deduct, signed } = agreementsAt(machine, { channel: 'wechat', method: 'wechat_jsapi' });
  const payment = await until((await deduct(await signed(), { amount: 2_222 })).body.id, 'paid');
  orderNos.push(payment.attempts[0].channel_order_no);
  const asked = { payment_id: payment.id, merchant_refund_id: fresh('refund'), amount: refunded };
  await until((await app.post('/v1/refunds', asked)).body.id, 'succeeded');
  await quiet();
  await machine().moveTo('08:00');
  bill = readBill(await machine().bill(date));
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Brings a statement to where statements arrive, and answers the batch that its arrival started. */
const arrive = async (bytes: Buffer, name = `${fresh('bill')}.csv`): Promise<Batch> => {
  const found = (await machine().upload(date, name, bytes)).filter((batch) => batch.object_sha256 === sha256(bytes));
  expect(found).toHaveLength(1);
  return found[0]!;
};

const trueBill = () => writeBill(renamed(bill, fresh('payer')));
const text = () => trueBill().toString('utf8');
const latest = async (): Promise<Batch> => (await machine().batches(date))[0]!;

// What is listed is what each test asserts.
// oxlint-disable-next-line typescript/no-explicit-any
const listed = async (path: string): Promise<any[]> => {
  const reply = await machine().admin.get(path);
  expect([path, reply.status]).toEqual([path, 200]);
  return reply.body.data;
};
const recordsOf = ({ id }: Batch, result?: string) =>
  listed(`/admin/v1/reconciliation/batches/${id}/records?limit=100${result ? `&result=${result}` : ''}`);
const differences = (status: string) => listed(`/admin/v1/differences?status=${status}&limit=100`);

describe('the true bill of a day', () => {
  test('is reconciled: each line with its payment or refund, and nothing left over', async () => {
    const batch = await arrive(trueBill());
    expect(batch).toMatchObject({ status: 'completed', verdict: 'reconciled', error: null });
    const payments = { count: 6, amount: net(amounts) + 2_222 };
    const refunds = { count: 1, amount: refunded };
    const fees = { amount: net([...amounts, 2_222].map(costOf)) - Math.round((costOf(2_222) * refunded) / 2_222) };
    const side = { payments, refunds, fees };
    const total = payments.amount - refunds.amount - fees.amount;
    expect(batch.statistics).toMatchObject({
      ...side,
      platform: side,
      channel: side,
      bridge: { platform: total, channel: total, explained: 0, residual: 0 },
    });
    expect(batch.statistics.results.matched).toEqual({ count: 7, amount: payments.amount + refunded });
    const records = await recordsOf(batch);
    expect(records.map(({ result }) => result)).toEqual(Array.from({ length: 7 }, () => 'matched'));
    for (const { platform, channel, difference_id } of records) {
      expect([channel.channel_order_no, channel.channel_trade_no, channel.amount, channel.fee]).toEqual([
        platform.channel_order_no,
        platform.channel_trade_no,
        platform.amount,
        platform.fee,
      ]);
      expect(difference_id).toBeNull();
    }
    expect((await machine().admin.get(`/admin/v1/reconciliation/batches/${batch.id}`)).body).toEqual(batch);
  });

  test('is listed page by page', async () => {
    const batch = await arrive(trueBill());
    const seen: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 10; pages += 1) {
      const path = `/admin/v1/reconciliation/batches/${batch.id}/records?limit=2${cursor && `&cursor=${cursor}`}`;
      const { status, body } = await machine().admin.get(path);
      expect(status).toBe(200);
      expect(body.data.length).toBeLessThanOrEqual(2);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.next_cursor ?? '';
      if (!cursor) break;
    }
    expect(new Set(seen).size).toBe(7);
    expect(seen).toHaveLength(7);
  });

  test('that arrives again, under the same name or another, is the same batch', async () => {
    const { upload, quiet } = machine();
    const bytes = trueBill();
    const batch = await arrive(bytes, 'first.csv');
    const before = await machine().batches(date);
    await upload(date, 'first.csv', bytes);
    await upload(date, 'another.csv', bytes);
    await quiet();
    expect(await machine().batches(date)).toEqual(before);
    expect(before[0]).toEqual(batch);
  });

  test('that is asked for is read once more, as a new version each time', async () => {
    const { maker, stage } = machine();
    const { version } = await arrive(trueBill());
    const day = { channel_account_id: stage.channel_accounts.wechat, bill_date: date, kind: 'trade' };
    for (const more of [1, 2]) {
      const { status, body } = await maker.post('/admin/v1/reconciliation/batches', day);
      expect([status, body.version, body.requested_by]).toEqual([201, version + more, 'maker']);
      const batch = await eventually('the batch to end', async () => {
        const now = await latest();
        return now.status === 'completed' && now;
      });
      expect(batch).toMatchObject({ id: body.id, verdict: 'reconciled' });
    }
  });

  test.each<[string, () => Buffer]>([
    ['packed', () => gzipSync(trueBill())],
    ['with lines that end as on Unix', () => writeBill(renamed(bill, fresh('payer')), {}, '\n')],
    ['without a mark of byte order', () => trueBill().subarray(3)],
    [
      'in another order',
      () => writeBill({ ...renamed(bill, fresh('payer')), rows: renamed(bill, fresh('payer')).rows.toReversed() }),
    ],
  ])('%s is the true bill', async (_, bytes) => {
    expect(await arrive(bytes())).toMatchObject({ status: 'completed', verdict: 'reconciled', error: null });
  });
});

const ofOrder = (at: number) => (row: Row) => row['商户订单号'] === orderNos[at] && !isRefund(row);
const fen = (amount: number, decimals: 2 | 5 = 2) => yuanOf(BigInt(amount) * 1_000n, decimals);
const of = (at: number) => amounts[at] ?? 0;

interface Doctored {
  readonly what: string;
  readonly change: (true_: Bill) => Bill;
  readonly result: string;
  readonly amount: number;
  readonly platform: number | null;
  readonly channel: number | null;
}

const doctored: readonly Doctored[] = [
  {
    what: 'lacks a payment',
    change: (before) => changed(before, ofOrder(0), () => []),
    result: 'platform_only',
    amount: of(0),
    platform: of(0),
    channel: null,
  },
  {
    what: 'lacks a refund',
    change: (before) => changed(before, isRefund, () => []),
    result: 'platform_only',
    amount: refunded,
    platform: refunded,
    channel: null,
  },
  {
    what: 'has a payment that nobody knows',
    change: (before) =>
      changed(before, ofOrder(1), (row) => [
        row,
        { ...row, 商户订单号: 'GHOST0000000001', 微信订单号: '4200000000000000001' },
      ]),
    result: 'channel_only',
    amount: of(1),
    platform: null,
    channel: of(1),
  },
  {
    what: 'has another amount',
    change: (before) =>
      changed(before, ofOrder(2), (row) => [{ ...row, 订单金额: fen(of(2) + 1), 应结订单金额: fen(of(2) + 1) }]),
    result: 'amount_mismatch',
    amount: 1,
    platform: of(2),
    channel: of(2) + 1,
  },
  {
    what: 'has another amount of a refund',
    change: (before) =>
      changed(before, isRefund, (row) => [{ ...row, 申请退款金额: fen(refunded - 11), 退款金额: fen(refunded - 11) }]),
    result: 'amount_mismatch',
    amount: 11,
    platform: refunded,
    channel: refunded - 11,
  },
  {
    what: 'has another fee',
    change: (before) => changed(before, ofOrder(3), (row) => [{ ...row, 手续费: fen(costOf(of(3)) + 2, 5) }]),
    result: 'fee_mismatch',
    amount: 2,
    platform: of(3),
    channel: of(3),
  },
  {
    what: 'has a line twice',
    change: (before) => changed(before, ofOrder(4), (row) => [row, row]),
    result: 'duplicate_channel_line',
    amount: of(4),
    platform: null,
    channel: of(4),
  },
];

describe('a bill', () => {
  test.each(doctored)(
    'that $what breaks with a record and a difference, which the true one resolves',
    async (story) => {
      const { result, amount, platform, channel, change } = story;
      const batch = await arrive(writeBill(change(renamed(bill, fresh('payer')))));
      expect(batch).toMatchObject({ status: 'completed', verdict: 'breaks', error: null });
      expect(batch.statistics.bridge.residual).toBe(0);
      expect(batch.statistics.bridge.platform + batch.statistics.bridge.explained).toBe(
        batch.statistics.bridge.channel,
      );
      expect(batch.statistics.results[result]).toEqual({ count: 1, amount });
      const [record, ...more] = await recordsOf(batch, result);
      expect(more).toEqual([]);
      expect(record.platform?.amount ?? null).toBe(platform);
      expect(record.channel?.amount ?? null).toBe(channel);
      // What is wrong comes first, and everything else still matches.
      const all = await recordsOf(batch);
      expect(all[0].id).toBe(record.id);
      expect(all.filter(({ result: each }) => each !== 'matched')).toHaveLength(1);
      const open = (await differences('open')).find(({ id }) => id === record.difference_id);
      expect(open).toMatchObject({ kind: result, amount, batch_id: batch.id, record_id: record.id, bill_date: date });
      expect([open.platform?.amount ?? null, open.channel?.amount ?? null]).toEqual([platform, channel]);

      const next = await arrive(trueBill());
      expect(next).toMatchObject({ version: batch.version + 1, verdict: 'reconciled' });
      expect((await differences('open')).map(({ id }) => id)).not.toContain(record.difference_id);
      const resolved = (await differences('resolved')).find(({ id }) => id === record.difference_id);
      expect(resolved).toMatchObject({ resolution: { by: 'superseded', batch_id: next.id } });
      // The earlier version says what it said.
      expect(await recordsOf(batch, result)).toEqual([record]);
    },
  );

  test('that was cut short by WeChat itself is abnormal, and the whole one goes on', async () => {
    const { spoil, bill: fetchBill } = machine();
    await spoil('truncated_statement');
    expect(await arrive(await fetchBill(date))).toMatchObject({ status: 'abnormal', verdict: 'incomplete' });
    expect(await arrive(trueBill())).toMatchObject({ verdict: 'reconciled' });
  });

  const abnormal: [string, () => Buffer, number | undefined, RegExp][] = [
    ['that is empty', () => Buffer.alloc(0), 0, /no bytes/],
    ['that ends in the middle of a row', () => Buffer.from(text().slice(0, 900)), undefined, /./],
    ['that ends before its totals', () => Buffer.from(text().split('\r\n').slice(0, -3).join('\r\n')), 8, /totals/],
    [
      'that ends before the values of its totals',
      () => Buffer.from(text().split('\r\n').slice(0, -2).join('\r\n')),
      9,
      /totals/,
    ],
    [
      'whose totals count more than there is',
      () => writeBill(renamed(bill, fresh('x')), { 总交易单数: '8' }),
      10,
      /总交易单数/,
    ],
    [
      'whose totals add up to more',
      () => writeBill(renamed(bill, fresh('x')), { 订单总金额: '999.00' }),
      10,
      /订单总金额/,
    ],
    [
      'of which an amount was changed afterwards',
      () => Buffer.from(text().replace(`\`${fen(of(2))}`, `\`${fen(of(2) + 100)}`)),
      10,
      /总金额/,
    ],
    ['with a row too few cells', () => Buffer.from(text().replace(',`CNY', '')), undefined, /./],
    ['with an amount that is none', () => Buffer.from(text().replace(`\`${fen(of(0))}`, '`ten')), undefined, /ten/],
    ['with something behind its end', () => Buffer.from(`${text()}more\r\n`), 11, /follows/],
    ['without any row', () => writeBill({ ...bill, rows: [] }), 0, /empty/],
    [
      'of another merchant',
      () =>
        writeBill(
          changed(
            bill,
            () => true,
            (row) => [{ ...row, 商户号: '1900000001' }],
          ),
        ),
      0,
      /another merchant, 1900000001/,
    ],
    [
      'of another day',
      () =>
        writeBill(
          changed(renamed(bill, fresh('x')), ofOrder(0), (row) => [{ ...row, 交易时间: '2026-01-01 10:00:00' }]),
        ),
      undefined,
      /2026-01-01/,
    ],
    [
      'that a spreadsheet saved as GBK',
      () => Buffer.from('bdbbd2d7cab1bce42cb9abd6dad5cbbac549440d0a', 'hex'),
      1,
      /GBK/,
    ],
    ['that a spreadsheet saved as UTF-16', () => Buffer.from(`\uFEFF${text()}`, 'utf16le'), 1, /UTF-16/],
    ['that is a web page', () => Buffer.from('<!doctype html><title>502 Bad Gateway</title>'), 1, /web page/],
    ['that is an error of the channel', () => Buffer.from('{"code":"NO_STATEMENT_EXIST"}'), 1, /error message/],
    ['with bytes of no text', () => Buffer.from(text().replace('`CNY', '`C\u0000Y')), undefined, /NUL/],
    ['whose packing is damaged', () => gzipSync(trueBill()).subarray(0, 200), 1, /compressed/],
    [
      'of money that is not handled',
      () => writeBill(changed(bill, ofOrder(0), (row) => [{ ...row, 货币种类: 'USD' }])),
      undefined,
      /CNY/,
    ],
    [
      'of a kind of trade that nobody knows',
      () => writeBill(changed(bill, ofOrder(0), (row) => [{ ...row, 交易状态: 'MAYBE' }])),
      undefined,
      /MAYBE/,
    ],
  ];
  test.each(abnormal)(
    '%s is abnormal: it names line and reason, and nothing is lost',
    async (_, bytes, line, reason) => {
      const { balances } = machine();
      const before = { balances: await balances(), open: await differences('open') };
      const earlier = await machine().batches(date);
      const batch = await arrive(bytes());
      expect(batch).toMatchObject({ status: 'abnormal', verdict: 'incomplete', statistics: null });
      expect(batch.error?.reason).toMatch(reason);
      if (line !== undefined) expect(batch.error?.line).toBe(line);
      else expect(batch.error?.line).toBeGreaterThan(0);
      expect(await recordsOf(batch)).toEqual([]);
      expect({ balances: await balances(), open: await differences('open') }).toEqual(before);
      expect((await machine().batches(date)).filter(({ id }) => id !== batch.id)).toEqual(
        earlier.filter(({ id }) => id !== batch.id),
      );
    },
  );

  test('of which only the refunds are listed, or only the payments, judges no more than that', async () => {
    // A real bill of successes has no columns of refunds at all.
    const names = bill.names.filter((name) => !/退款/.test(name));
    const successes = { ...renamed(bill, fresh('x')), names, rows: bill.rows.filter((row) => !isRefund(row)) };
    const batch = await arrive(writeBill({ ...successes, totalNames: bill.totalNames }));
    expect(batch).toMatchObject({ status: 'completed', verdict: 'incomplete' });
    expect(batch.statistics.results.matched.count).toBe(6);
    expect(batch.statistics.results.platform_only.count).toBe(0);
  });

  test.each([
    ['at an account that there is not', () => `statements/chn_00000000000000000000000000/${date}/trade/a.csv`],
    [
      'of a day that there is not',
      () => `statements/${machine().stage.channel_accounts.wechat}/2026-02-30/trade/a.csv`,
    ],
    ['of no kind', () => `statements/${machine().stage.channel_accounts.wechat}/${date}/other/a.csv`],
    ['in a place where none are', () => `elsewhere/${machine().stage.channel_accounts.wechat}/${date}/trade/a.csv`],
  ])('%s starts nothing and stops nothing', async (_, key) => {
    const { s3, stage, quiet } = machine();
    const before = (await machine().admin.get('/admin/v1/reconciliation/batches?limit=100')).body.data;
    await s3.send(new PutObjectCommand({ Bucket: stage.statements_bucket, Key: key(), Body: trueBill() }));
    await quiet();
    expect((await machine().admin.get('/admin/v1/reconciliation/batches?limit=100')).body.data).toEqual(before);
    expect(await arrive(trueBill())).toMatchObject({ verdict: 'reconciled' });
  });

  test('of a day on which nothing has arrived can be asked for: that it is missing is a finding', async () => {
    const { maker, stage } = machine();
    const day = { channel_account_id: stage.channel_accounts.wechat, bill_date: '2026-01-05', kind: 'trade' };
    const { status, body } = await maker.post('/admin/v1/reconciliation/batches', day);
    expect([status, body.status, body.verdict]).toEqual([201, 'abnormal', 'incomplete']);
    expect(body.error).toEqual({ line: 0, reason: 'no statement has arrived' });
    for (const wrong of [
      { ...day, kind: 'both' },
      { ...day, bill_date: '5 January' },
      { ...day, day: 1 },
    ])
      expect((await maker.post('/admin/v1/reconciliation/batches', wrong)).status).toBe(400);
    const strange = { ...day, channel_account_id: 'chn_00000000000000000000000000' };
    expect((await maker.post('/admin/v1/reconciliation/batches', strange)).status).toBe(404);
  });
});

describe('money of another amount than was asked for', () => {
  test('is one difference, whether a callback or the bill tells of it', async () => {
    const own = machine();
    await own.moveTo('10:00');
    const day = dateInShanghai(own.now());
    await own.spoil('wrong_amount');
    const payment = await own.place();
    await own.pay(payment.attempts[0].channel_order_no);
    await own.quiet();
    const ours = async (status: string) =>
      (await differences(status)).filter(({ platform }) => platform?.id === payment.id);
    const [told] = await ours('open');
    expect(told).toMatchObject({ kind: 'amount_mismatch', batch_id: null, bill_date: day });
    await own.moveTo('08:00');
    const [batch] = await own.upload(day, 'true.csv', await own.bill(day));
    expect(batch).toMatchObject({ verdict: 'breaks' });
    expect(await ours('open')).toEqual([
      {
        ...told,
        batch_id: batch?.id,
        record_id: expect.any(String),
        channel: expect.objectContaining({ line: 2, amount: 10_001 }),
        platform: told.platform,
        age_days: expect.any(Number),
      },
    ]);
  });
});

describe('a day whose bill nobody uploads', () => {
  test('has it fetched from half past ten on; a torn one is not believed and asked for again', async () => {
    const { moveTo, now, paid, spoil, batches, advance, armed } = machine();
    await moveTo('09:00');
    const day = dateInShanghai(now());
    await paid({ amount: 4_321 });
    await moveTo('08:00');
    await spoil('truncated_statement');
    await advance(2 * 3_600 + 29 * 60);
    expect(await batches(day)).toEqual([]);
    await eventually('the torn one to have been fetched', async () => {
      await advance(15 * 60);
      return (await armed()).length === 0;
    });
    const [batch, ...more] = await eventually('the whole one to be fetched', async () => {
      await advance(15 * 60);
      const found = await batches(day);
      return found.length > 0 && found;
    });
    expect(more).toEqual([]);
    expect(batch).toMatchObject({ verdict: 'reconciled', requested_by: null });
    expect(batch?.statistics.payments).toEqual({ count: 1, amount: 4_321 });
  });
});

describe('a second trade of a paid order, on another day', () => {
  test('is money of that day: its bill shows it, and it is reconciled there', async () => {
    const { moveTo, now, paid, wechat, quiet, read, upload, bill: billOf, balances } = machine();
    await moveTo('20:00');
    const payment = await paid({ amount: 5_000 });
    const first = dateInShanghai(now());
    await moveTo('09:00');
    const second = dateInShanghai(now());
    await paid({ amount: 700 });
    const before = await balances();
    const trade = wechat.success(payment.attempts[0].channel_order_no, 5_000);
    expect((await wechat.send(wechat.notification(trade))).status).toBeLessThan(300);
    await quiet();
    expect((await read(payment.id)).attempts).toMatchObject([{ duplicate: false }, { duplicate: true }]);
    expect((await balances()).suspense - before.suspense).toBe(5_000);

    await moveTo('08:00');
    const rows = readBill(await billOf(first)).rows.filter(
      (row) => row['商户订单号'] === payment.attempts[0].channel_order_no,
    );
    const time = String(trade['success_time']).slice(0, 19).replace('T', ' ');
    const again = rows.map((row) => ({ ...row, 微信订单号: String(trade['transaction_id']), 交易时间: time }));
    expect(again).toHaveLength(1);
    const ofSecond = readBill(await billOf(second));
    const [batch] = await upload(second, 'both.csv', writeBill({ ...ofSecond, rows: [...ofSecond.rows, ...again] }));
    expect(batch).toMatchObject({ verdict: 'reconciled' });
    expect(batch?.statistics.platform.payments).toEqual({ count: 2, amount: 5_700 });
    expect(batch?.statistics.results.matched).toEqual({ count: 2, amount: 5_700 });
  });
});
