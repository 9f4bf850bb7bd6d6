import { PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, test } from 'vitest';

import { camtFile, csvFile, mt940File, type Movement } from '../channels/bank/files.ts';
import { eventually, fresh, useMachine } from './machine.ts';
import { announced, pdf, send } from './onboard.ts';
import { dateInShanghai } from './shanghai.ts';

const machine = useMachine();

const formats = {
  camt053: { statement: { format: 'camt053' }, write: camtFile },
  mt940: { statement: { format: 'mt940' }, write: mt940File },
  csv: {
    statement: {
      format: 'csv',
      columns: {
        date: '交易日期',
        credit: '贷方金额',
        debit: '借方金额',
        reference: '流水号',
        text: ['附言'],
        payer_name: '对方户名',
        payer_account: '对方账号',
        balance: '余额',
      },
    },
    write: csvFile,
  },
} as const;
type Format = keyof typeof formats;

const accounts: Record<string, { id: string; number: string; merchant: string }> = {};

/** One account for each way of writing, each of a merchant of its own that is paid there. */
beforeAll(async () => {
  const { admin, stage, advance, configure } = machine();
  for (const [index, [format, { statement }]] of Object.entries(formats).entries()) {
    const number = `622200000000000${index}`;
    const { body: like } = await admin.get(`/admin/v1/merchants/${stage.merchant_id}`);
    const account = await admin.post('/admin/v1/channel-accounts', {
      channel: 'bank',
      name: `Bank, ${format}`,
      ownership: 'shared',
      status: 'enabled',
      methods: ['bank_transfer'],
      cost: { rate_ppm: 0 },
      settings: {
        account: number,
        account_name: '算盘科技',
        bank_name: '工商银行',
        held_by: stage.merchant_id,
        statement,
      },
    });
    expect(account.status, JSON.stringify(account.body)).toBe(201);
    const { app_id, fee_plan_id, settlement_plan_id } = like;
    const merchant = {
      id: account.body.id.replace('chn', 'mch'),
      app_id,
      name: `Paid by transfer, ${format}`,
      status: 'active',
      fee_plan_id,
      settlement_plan_id,
      channel_account_ids: [account.body.id],
    };
    await configure({ merchants: [merchant] });
    accounts[format] = { id: account.body.id, number, merchant: merchant.id };
  }
  await advance(31);
});

const accountOf = (format: Format) => accounts[format]!;

const placeAt = async (format: Format, over: Record<string, unknown> = {}) =>
  machine().place({ method: 'bank_transfer', merchant_id: accountOf(format).merchant, amount: 1_234_500, ...over });

const today = () => dateInShanghai(machine().platform.runtime.clock.now());

const movement = (amount: number, text: string, reference = fresh('').slice(1, 13).toUpperCase()): Movement => ({
  amount: BigInt(amount),
  isReversal: false,
  bookedOn: today(),
  reference,
  text,
});

const upload = async (format: Format, name: string, bytes: string) => {
  const { s3, stage, quiet } = machine();
  const Key = `statements/${accountOf(format).id}/${today()}/fund/${name}`;
  await s3.send(new PutObjectCommand({ Bucket: stage.statements_bucket, Key, Body: Buffer.from(bytes) }));
  await quiet();
};

const importing = (format: Format, movements: readonly Movement[], name = fresh('statement')) =>
  upload(format, name, formats[format].write({ account: accountOf(format).number, opening: 100n, movements }));

interface Receipt {
  readonly id: string;
  readonly bank_reference: string;
  readonly match: string;
  readonly payment_id: string | null;
  readonly amount: number;
  readonly payout_id: string | null;
}

const receiptWith = async (reference: string, status = 'open'): Promise<Receipt> =>
  eventually(`the entry ${reference} to be ${status}`, async () => {
    const { body } = await machine().maker.get(`/admin/v1/bank-receipts?status=${status}&limit=100`);
    return body.data.find((receipt: Receipt) => receipt.bank_reference === reference);
  });

const confirm = async (task: Record<string, unknown>) => {
  const { maker, checker } = machine();
  const submitted = await maker.post('/admin/v1/approvals', { task });
  expect(submitted.status, JSON.stringify(submitted.body)).toBe(201);
  expect((await maker.post(`/admin/v1/approvals/${submitted.body.id}/approve`, {})).status).toBe(403);
  const approved = await checker.post(`/admin/v1/approvals/${submitted.body.id}/approve`, {});
  expect(approved.status, JSON.stringify(approved.body)).toBe(200);
};

const balanced = async () => expect((await machine().trialBalance()).difference).toBe(0);

describe.each(Object.keys(formats) as Format[])('a bank transfer seen in %s', (format) => {
  test('is placed, imported, confirmed by two people, told', async () => {
    const { until, quiet, receiver, balances, app } = machine();
    const payment = await placeAt(format);
    const [{ action }] = payment.attempts;
    expect(action).toMatchObject({ type: 'remit', reference: expect.stringMatching(/^SP[0-9A-Z]{13}$/) });
    expect(action.account).toContain(accountOf(format).number);
    await quiet();
    const entry = movement(1_234_500, `货款 ${action.reference}`);
    const held = await balances();
    await importing(format, [entry, movement(-500, 'FEE')]);
    const receipt = await receiptWith(entry.reference);
    expect(receipt).toMatchObject({ match: 'exact', payment_id: payment.id, amount: 1_234_500 });
    // In the books from the moment it is known, whoever's it is.
    expect((await balances()).suspense - held.suspense).toBe(1_234_500);

    await confirm({ kind: 'attach', receipt_id: receipt.id });
    const paid = await until(payment.id, 'paid');
    expect(paid.attempts[0]).toMatchObject({ status: 'succeeded', channel_trade_no: receipt.id, mismatch: null });
    await quiet();
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
    expect((await balances()).suspense).toBe(held.suspense);
    expect((await balances(app, accountOf(format).merchant)).merchant_pending).toBe(paid.amount - paid.fee);
    await balanced();

    // Nothing is given back by a bank account itself, and whoever asks is told so.
    const asked = { payment_id: payment.id, merchant_refund_id: fresh('refund'), amount: 1 };
    expect((await app.post('/v1/refunds', asked)).body).toMatchObject({ status: 422, code: 'unsupported' });
  });

  test('the same bytes, and a later file that overlaps, add nothing', async () => {
    const { balances } = machine();
    const entries = [movement(700, 'A'), movement(800, 'B')];
    const before = await balances();
    await importing(format, entries, 'one');
    await importing(format, entries, 'one-again');
    await importing(format, [...entries, movement(900, 'C')], 'more');
    expect((await balances()).suspense - before.suspense).toBe(2_400);
    await balanced();
  });

  test('a file that is cut or does not add up is an abnormal batch, and books nothing', async () => {
    const { admin, balances } = machine();
    const before = await balances();
    const account = accountOf(format);
    const movements = [movement(700, 'A'), movement(-100, 'B'), movement(800, 'C')];
    await upload(format, 'bad', formats[format].write({ account: account.number, opening: 100n, movements, omit: 1 }));
    const query = `channel_account_id=${account.id}&bill_date=${today()}&kind=fund`;
    const { body } = await admin.get(`/admin/v1/reconciliation/batches?${query}`);
    expect(body.data).toMatchObject([{ status: 'abnormal', error: { reason: expect.stringContaining('balance') } }]);
    expect((await balances()).suspense).toBe(before.suspense);
  });
});

describe('money that is not what was asked for', () => {
  test('of nobody is listed, and attached to a payment by its number', async () => {
    const { until, quiet, balances } = machine();
    const payment = await placeAt('mt940');
    const before = await balances();
    const entry = movement(1_234_500, 'NO REFERENCE AT ALL');
    await importing('mt940', [entry]);
    const receipt = await receiptWith(entry.reference);
    expect(receipt).toMatchObject({ match: 'unknown', payment_id: null });
    const { maker } = machine();
    const refused = await maker.post('/admin/v1/approvals', { task: { kind: 'attach', receipt_id: receipt.id } });
    expect(refused.body).toMatchObject({ status: 409, code: 'action_not_possible' });
    await confirm({ kind: 'attach', receipt_id: receipt.id, payment_id: payment.id });
    await until(payment.id, 'paid');
    await quiet();
    expect((await balances()).suspense).toBe(before.suspense);
    // Once.
    const again = await maker.post('/admin/v1/approvals', { task: { kind: 'attach', receipt_id: receipt.id } });
    expect(again.status).toBe(409);
    await balanced();
  });

  test.each([
    ['partial', 1_000_000],
    ['over', 2_000_000],
  ])('%s: its payment waits with a difference, and a desk keeps it', async (match, amount) => {
    const { quiet, read, maker, until, app, balances } = machine();
    const payment = await placeAt('camt053');
    await quiet();
    const entry = movement(amount, payment.attempts[0].action.reference);
    await importing('camt053', [entry]);
    const receipt = await receiptWith(entry.reference);
    expect(receipt).toMatchObject({ match, payment_id: payment.id });
    await confirm({ kind: 'attach', receipt_id: receipt.id });
    await quiet();
    expect(await read(payment.id)).toMatchObject({
      status: 'paying',
      attempts: [{ status: 'unknown', mismatch: { field: 'amount', expected: '1234500', received: String(amount) } }],
    });
    const merchant = accountOf('camt053').merchant;
    const { suspense } = await balances(app, merchant);
    expect(suspense).toBe(amount);
    const { body } = await maker.get('/admin/v1/differences?status=open&limit=100');
    const difference = body.data.find((each: { platform: { id: string } | null }) => each.platform?.id === payment.id);
    expect(difference).toMatchObject({ kind: 'amount_mismatch' });
    await confirm({ kind: 'keep', difference_id: difference.id });
    await until(payment.id, 'paid');
    expect((await balances(app, merchant)).suspense).toBe(0);
    await balanced();
  });

  test('too late: it is paid late, never paid', async () => {
    const { quiet, app, until, receiver } = machine();
    const payment = await placeAt('csv');
    await quiet();
    expect((await app.post(`/v1/payments/${payment.id}/close`)).status).toBe(200);
    const entry = movement(1_234_500, payment.attempts[0].action.reference);
    await importing('csv', [entry]);
    const receipt = await receiptWith(entry.reference);
    await confirm({ kind: 'attach', receipt_id: receipt.id });
    await until(payment.id, 'paid_late');
    await quiet();
    expect(receiver.told(payment.id)).toEqual(['payment.closed', 'payment.paid_late']);
    await balanced();
  });

  test('a checker refuses: it waits again', async () => {
    const { maker, checker } = machine();
    const payment = await placeAt('csv');
    const entry = movement(1_234_500, 'WHOSE');
    await importing('csv', [entry]);
    const { id } = await receiptWith(entry.reference);
    const task = { kind: 'attach', receipt_id: id, payment_id: payment.id };
    const submitted = await maker.post('/admin/v1/approvals', { task });
    await receiptWith(entry.reference, 'pending_review');
    const refused = await checker.post(`/admin/v1/approvals/${submitted.body.id}/refuse`, { reason: 'not theirs' });
    expect(refused.status).toBe(200);
    await receiptWith(entry.reference, 'open');
  });
});

describe('a transfer that its payer tells of', () => {
  const telling = (over: Record<string, unknown> = {}) => ({
    merchant_remittance_id: fresh('told'),
    amount: 1_234_500,
    // As the tables of the bank write whoever pays.
    payer: { name: ' 买方 ', account: '6222 0001' },
    paid_on: today(),
    proof: announced(pdf('proof')),
    ...over,
  });
  const transfersOf = async (id: string) => (await machine().maker.get(`/admin/v1/payments/${id}/remittances`)).body;

  test('is no money, waits for the statement, and is what its entry is confirmed by', async () => {
    const { app, read, until, quiet, balances, maker } = machine();
    const payment = await placeAt('csv');
    await quiet();
    const before = await balances();
    const path = `/v1/payments/${payment.id}/remittances`;
    const asked = telling();
    const told = await app.post(path, asked);
    expect(told.status, JSON.stringify(told.body)).toBe(201);
    expect(told.body).toMatchObject({ no: 1, status: 'waiting', said_by: 'app', receipt_id: null });
    // The same again, whose address has run out meanwhile; other content under its number is refused.
    const again = await app.post(path, asked);
    expect([again.status, again.body.no]).toEqual([200, 1]);
    expect((await app.post(path, { ...asked, amount: 1 })).body.code).toBe('idempotency_conflict');
    expect((await app.post(path, telling({ paid_on: '2999-01-01' }))).body.errors[0].pointer).toBe('/paid_on');

    // Nothing of it is money.
    await quiet();
    expect((await read(payment.id)).status).toBe('paying');
    expect(await balances()).toEqual(before);

    const entry = movement(1_234_500, 'FOR THE TEA');
    await importing('csv', [entry]);
    const receipt = await receiptWith(entry.reference);
    expect(receipt).toMatchObject({ match: 'exact', payment_id: payment.id, by_advice: true });
    const task = { kind: 'attach', receipt_id: receipt.id };
    // A proof that has not come proves nothing.
    expect((await maker.post('/admin/v1/approvals', { task })).body.code).toBe('action_not_possible');
    expect(await send(again.body.upload, pdf('proof'))).toBe(200);
    expect((await app.get(path)).body.data).toMatchObject([{ no: 1, proof: { filed: true } }]);
    expect(await transfersOf(payment.id)).toMatchObject({ waiting: 1_234_500, attached: 0, missing: 0 });
    await confirm(task);
    await until(payment.id, 'paid');
    expect((await app.get(path)).body.data).toMatchObject([{ status: 'confirmed', receipt_id: receipt.id }]);
    expect((await app.post(path, telling())).body.code).toBe('action_not_possible');
    await balanced();
  });

  test('after its entry has come is offered it, and is dismissed when it is none', async () => {
    const { operations, checker } = machine();
    const payment = await placeAt('csv', { amount: 777_700 });
    const entry = movement(777_700, 'WITHOUT A WORD');
    await importing('csv', [entry]);
    const { id } = await receiptWith(entry.reference);
    const path = `/admin/v1/payments/${payment.id}/remittances`;
    expect((await checker.post(path, telling())).status).toBe(403);
    // Another payer, and another day: not offered.
    const stranger = await operations.post(path, telling({ amount: 777_700, payer: { name: '另一方' } }));
    expect(stranger.status, JSON.stringify(stranger.body)).toBe(201);
    expect(await send(stranger.body.upload, pdf('proof'))).toBe(200);
    expect((await transfersOf(payment.id)).offered).toEqual([]);
    await operations.post(path, telling({ amount: 777_700 }));
    const standing = await transfersOf(payment.id);
    expect(standing.offered).toMatchObject([{ id, payment_id: null }]);
    expect(standing).toMatchObject({ amount: 777_700, missing: 777_700, remittances: [{ no: 1 }, { no: 2 }] });

    const waiting = async () =>
      (await operations.get('/admin/v1/remittances?limit=100')).body.data.find(
        (each: { payment_id: string }) => each.payment_id === payment.id,
      );
    expect((await waiting()).remittances).toHaveLength(2);
    for (const no of [1, 2])
      expect((await operations.post(`${path}/${no}/dismiss`, { reason: 'not theirs' })).body.status).toBe('dismissed');
    expect(await waiting()).toBeUndefined();
    expect((await transfersOf(payment.id)).offered).toEqual([]);
    expect((await operations.post(`${path}/3/dismiss`, { reason: 'no' })).status).toBe(404);
  });
});

describe('several transfers of one payment', () => {
  const received = async (amounts: readonly number[], text: string) => {
    const entries = amounts.map((amount) => movement(amount, text));
    for (const entry of entries) await importing('mt940', [entry]);
    return Promise.all(entries.map(({ reference }) => receiptWith(reference)));
  };
  const merchant = () => accountOf('mt940').merchant;

  test('wait until they are together what was asked for, and pay it once', async () => {
    const { app, maker, read, until, quiet, balances, receiver } = machine();
    const payment = await placeAt('mt940');
    const { reference } = payment.attempts[0].action;
    await quiet();
    const before = await balances();
    const [first] = await received([1_000_000], `PART ONE ${reference}`);
    expect(first).toMatchObject({ match: 'partial', payment_id: payment.id });
    const combine = (...parts: (Receipt | undefined)[]) => ({
      kind: 'combine',
      payment_id: payment.id,
      receipt_ids: parts.map((part) => part?.id),
    });
    const early = await maker.post('/admin/v1/approvals', { task: combine(first) });
    expect(early.body).toMatchObject({ code: 'action_not_possible', detail: expect.stringContaining('234500') });
    expect((await maker.get(`/admin/v1/payments/${payment.id}/remittances`)).body).toMatchObject({
      waiting: 1_000_000,
      missing: 234_500,
      receipts: [{ id: first?.id, status: 'open' }],
    });
    expect((await read(payment.id)).status).toBe('paying');

    const [second] = await received([234_500], `PART TWO ${reference}`);
    expect((await balances()).suspense - before.suspense).toBe(1_234_500);
    expect((await maker.post('/admin/v1/approvals', { task: combine(first, first) })).status).toBe(409);
    await confirm(combine(first, second));
    const paid = await until(payment.id, 'paid');
    expect(paid.attempts).toMatchObject([{ status: 'succeeded', mismatch: null, duplicate: false }]);
    await quiet();
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
    expect((await balances()).suspense).toBe(before.suspense);
    expect((await balances(app, merchant())).merchant_pending).toBeGreaterThanOrEqual(paid.amount - paid.fee);
    expect((await maker.get(`/admin/v1/payments/${payment.id}/remittances`)).body).toMatchObject({
      waiting: 0,
      attached: 1_234_500,
      missing: 0,
    });
    await balanced();
  });

  test('that are more leave the rest in suspense, which goes back where it came from; two people each time', async () => {
    const { maker, until, quiet, balances, receiver } = machine();
    const [payment, other] = [await placeAt('csv'), await placeAt('csv')];
    // So much of somebody else's waits there too that no balance would refuse to pay twice.
    await importing('csv', [movement(9_000_000, 'NOBODY KNOWS')]);
    await quiet();
    const before = await balances();
    const payee = { kind: 'bank_account', account: '62220001', name: '买方', bank: '工商银行' };
    const isSpent = async (receipt_id: string, status: string) => {
      for (const task of [
        { kind: 'attach', receipt_id, payment_id: other.id },
        { kind: 'combine', receipt_ids: [receipt_id], payment_id: other.id },
        { kind: 'send_back', receipt_id, payee },
      ])
        expect((await maker.post('/admin/v1/approvals', { task })).body).toMatchObject({
          code: 'action_not_possible',
          detail: `${receipt_id} is ${status}`,
        });
    };
    const entry = movement(1_300_000, payment.attempts[0].action.reference);
    await importing('csv', [entry]);
    const { id, match } = await receiptWith(entry.reference);
    expect(match).toBe('over');
    await confirm({ kind: 'combine', payment_id: payment.id, receipt_ids: [id] });
    await until(payment.id, 'paid');
    await quiet();
    expect((await balances()).suspense - before.suspense).toBe(65_500);
    const rest = await receiptWith(entry.reference, 'open');
    expect(rest).toMatchObject({ amount: 65_500, rest_of: id, payment_id: payment.id });
    expect(await receiptWith(entry.reference, 'attached')).toMatchObject({ id, taken: 1_234_500 });
    await isSpent(id, 'attached');

    // To nobody else, and to nobody's payment by itself.
    const back = (account: string) => ({
      kind: 'send_back',
      receipt_id: rest.id,
      payee: { ...payee, account },
    });
    for (const task of [back('62229'), { kind: 'attach', receipt_id: rest.id }])
      expect((await maker.post('/admin/v1/approvals', { task })).body.code).toBe('action_not_possible');
    await confirm(back('62220001'));
    const sending = await receiptWith(entry.reference, 'sending_back');
    expect(sending.payout_id).toMatch(/^pyt_/);
    await isSpent(rest.id, 'sending_back');
    expect((await balances()).suspense).toBe(before.suspense);
    const said = (result: string, payoutId: string) => ({
      kind: 'confirm_payout',
      payout_id: payoutId,
      result,
      reference: 'BANK-1',
      at: new Date(machine().platform.runtime.clock.now()).toISOString(),
    });
    // The bank cannot pay it: it is nobody's again, and is sent once more.
    await confirm(said('failed', sending.payout_id ?? ''));
    expect(await receiptWith(entry.reference, 'open')).toMatchObject({ id: rest.id });
    expect((await balances()).suspense - before.suspense).toBe(65_500);
    await confirm(back('62220001'));
    const again = await receiptWith(entry.reference, 'sending_back');
    expect(again.payout_id).not.toBe(sending.payout_id);
    await confirm(said('arrived', again.payout_id ?? ''));
    expect(await receiptWith(entry.reference, 'sent_back')).toMatchObject({ id: rest.id });
    await isSpent(rest.id, 'sent_back');
    await quiet();
    expect((await balances()).suspense).toBe(before.suspense);
    expect((await balances()).payout_in_transit).toBe(before.payout_in_transit);
    // Neither the app of the payment nor that of the books is told of what it has not asked for.
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
    expect(receiver.told(again.payout_id ?? '')).toEqual([]);
    await balanced();
  });

  test('that was sent back although the bank had said no is a difference; charged to what was given back, it is sent back', async () => {
    const { maker, quiet, balances } = machine();
    const before = await balances();
    const entry = movement(5_000, 'NOBODY KNOWS');
    await importing('mt940', [entry]);
    const { id } = await receiptWith(entry.reference);
    const payee = { kind: 'bank_account', account: '62229999', name: 'Payer', bank: '建设银行' };
    await confirm({ kind: 'send_back', receipt_id: id, payee });
    const { payout_id } = await receiptWith(entry.reference, 'sending_back');
    const at = new Date(machine().platform.runtime.clock.now()).toISOString();
    const said = (result: string, reference: string) => ({ kind: 'confirm_payout', payout_id, result, reference, at });
    await confirm(said('failed', 'NO-1'));
    await confirm(said('arrived', 'YES-2'));
    await quiet();
    const { body } = await maker.get('/admin/v1/differences?status=open&limit=100');
    const late = body.data.find((each: { platform: { id: string } | null }) => each.platform?.id === payout_id);
    expect(late).toMatchObject({ kind: 'payout_late', amount: 5_000 });
    await receiptWith(entry.reference, 'open');
    await confirm({ kind: 'recover', difference_id: late.id });
    await receiptWith(entry.reference, 'sent_back');
    expect((await balances()).suspense).toBe(before.suspense);
    await balanced();
  });
});

describe('a statement that is sent by the console', () => {
  const announcedAs = (bytes: Buffer, over: Record<string, unknown> = {}) => {
    const { name, size, sha256 } = announced(bytes, { name: '对账单.csv' });
    return { channel_account_id: accountOf('csv').id, bill_date: today(), name, size, sha256, ...over };
  };
  const written = (movements: readonly Movement[], omit?: number) =>
    Buffer.from(
      csvFile({ account: accountOf('csv').number, opening: 100n, movements, ...(omit !== undefined && { omit }) }),
    );

  test('is awaited, read and accepted; the same bytes again are the same import', async () => {
    const { maker, checker, quiet, balances } = machine();
    const before = await balances();
    const bytes = written([movement(1_100, 'ONE'), movement(-100, 'FEE')]);
    expect((await checker.post('/admin/v1/bank-statements', announcedAs(bytes))).status).toBe(403);
    const asked = await maker.post('/admin/v1/bank-statements', announcedAs(bytes));
    expect(asked.status, JSON.stringify(asked.body)).toBe(201);
    expect(asked.body).toMatchObject({ status: 'awaited', name: '对账单.csv', entries: null });
    // Signed for these bytes and no other.
    expect(await send(asked.body.upload, written([movement(9, 'X')]))).toBeGreaterThanOrEqual(400);
    expect(await send(asked.body.upload, bytes)).toBe(200);
    await quiet();
    const path = `/admin/v1/bank-statements/${asked.body.id}`;
    expect((await checker.get(path)).body).toMatchObject({ status: 'accepted', entries: 2, added: 2, error: null });
    const again = await maker.post('/admin/v1/bank-statements', announcedAs(bytes));
    expect([again.status, again.body.id, again.body.upload]).toEqual([200, asked.body.id, null]);
    expect((await balances()).suspense - before.suspense).toBe(1_100);
    const { body } = await checker.get('/admin/v1/bank-statements?limit=100');
    expect(body.data[0]).toMatchObject({ id: asked.body.id });
    // Those that came to the bucket otherwise are listed too.
    expect(body.data.length).toBeGreaterThan(1);
  });

  test('that does not add up is refused by its line, and none is taken for an account without entries', async () => {
    const { maker, quiet, balances, stage } = machine();
    const before = await balances();
    const bytes = written([movement(700, 'A'), movement(-100, 'B'), movement(800, 'C')], 1);
    const asked = await maker.post('/admin/v1/bank-statements', announcedAs(bytes));
    expect(await send(asked.body.upload, bytes)).toBe(200);
    await quiet();
    expect((await maker.get(`/admin/v1/bank-statements/${asked.body.id}`)).body).toMatchObject({
      status: 'refused',
      entries: null,
      error: { line: expect.any(Number), reason: expect.stringContaining('balance') },
    });
    expect((await balances()).suspense).toBe(before.suspense);
    const of = (channel_account_id: string) =>
      maker.post('/admin/v1/bank-statements', announcedAs(bytes, { channel_account_id }));
    expect((await of(stage.channel_accounts.wechat)).body.code).toBe('action_not_possible');
    expect((await of('chn_00000000000000000000000000')).status).toBe(404);
  });
});
