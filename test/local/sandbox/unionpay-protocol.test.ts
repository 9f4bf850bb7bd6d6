import { createHash, createSign, createVerify, X509Certificate } from 'node:crypto';
import { inflateSync } from 'node:zlib';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { unzipped } from '#channels/files/zip.ts';

import { control, given, today, until, type Given } from './given.ts';

let world: Given;
beforeAll(async () => {
  world = await given();
});
afterAll(() => world.end());
beforeEach(async () => {
  await world.sandbox.idle();
  world.ear.heard.length = 0;
  world.ear.ear.status = 200;
});

type Fields = Record<string, string>;

const digest = (fields: Fields) =>
  createHash('sha256')
    .update(
      Object.keys(fields)
        .filter((name) => name !== 'signature' && fields[name] !== '')
        .toSorted()
        .map((name) => `${name}=${fields[name]}`)
        .join('&'),
    )
    .digest('hex');

const known = () => world.sandbox.credentials.unionpay;

/** By the certificate that the message brings, whose issuers the merchant was told. */
const isGenuine = (fields: Fields): boolean => {
  const [own, middle, root] = [
    fields['signPubKeyCert'] ?? '',
    known().middle_certificate_pem,
    known().root_certificate_pem,
  ].map((pem) => new X509Certificate(pem));
  const isIssued = own!.verify(middle!.publicKey) && middle!.verify(root!.publicKey) && root!.verify(root!.publicKey);
  return (
    isIssued &&
    createVerify('RSA-SHA256')
      .update(digest(fields))
      .verify(own!.publicKey, fields['signature'] ?? '', 'base64')
  );
};

const signed = (fields: Fields, key = known().merchant_private_key_pem): Fields => {
  const all = {
    version: '5.1.0',
    encoding: 'utf-8',
    signMethod: '01',
    certId: BigInt(`0x${new X509Certificate(known().merchant_certificate_pem).serialNumber}`).toString(),
    accessType: '0',
    merId: known().mer_id,
    bizType: '000000',
    ...fields,
  };
  return { ...all, signature: createSign('RSA-SHA256').update(digest(all)).sign(key, 'base64') };
};

const sent = async (path: string, fields: Fields): Promise<Fields> => {
  const response = await fetch(known().gateway + path, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: { Connection: 'close' },
  });
  const pairs = (await response.text()).split('&').map((pair) => /^([^=]*)=([^]*)$/.exec(pair) ?? []);
  const told = Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]));
  expect(isGenuine(told)).toBe(true);
  return told;
};
const back = (fields: Fields) => sent('/gateway/api/backTransReq.do', signed(fields));
const asked = ({ orderId = '', txnTime = '' }: Fields) =>
  sent('/gateway/api/queryTrans.do', signed({ txnType: '00', txnSubType: '00', orderId, txnTime }));

let serial = 0;
const key = () => ({ orderId: `UORDER${String((serial += 1)).padStart(8, '0')}`, txnTime: '20260131093000' });
const money = (over: Fields = {}) => ({
  ...key(),
  txnAmt: '10000',
  currencyCode: '156',
  channelType: '08',
  backUrl: world.ear.url,
  ...over,
});
const order = (over: Fields = {}) => money({ txnType: '01', txnSubType: '07', ...over });
const byCode = (qrNo: string) => order({ txnSubType: '06', qrNo, termId: '00000001' });
const pays = async ({ orderId = '' }: Fields, verb = 'pay') =>
  (await control(world, 'POST', `/payer/unionpay/${orderId}/${verb}`)).status;
const heard = async (count: number): Promise<Fields[]> => {
  await until(`${count} notifications`, () => world.ear.heard.length >= count);
  return world.ear.heard.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
};
const paid = async (over: Fields = {}): Promise<Fields> => {
  const placed = order(over);
  expect((await back(placed))['respCode']).toBe('00');
  expect(await pays(placed)).toBe(200);
  return { ...placed, ...(await asked(placed)) };
};
const returned = (payment: Fields, over: Fields = {}) =>
  back(money({ txnType: '04', txnSubType: '00', origQryId: payment['queryId'] ?? '', ...over }));

/** What the trades of today say; nothing on a day without any. */
const listed = async (): Promise<string> => {
  const bill = await fetch(`${world.sandbox.control}/statements/unionpay/${today(world)}/trade`);
  if (bill.status === 404) return '';
  const members = await unzipped(Buffer.from(await bill.arrayBuffer()));
  return members.find(({ name }) => name.includes('88ZM_'))?.bytes.toString('latin1') ?? '';
};

describe('an order', () => {
  it('is unknown until its payer has paid, and then told, with the same words in an answer', async () => {
    const placed = order({ reqReserved: 'abc' });
    expect((await back(placed))['qrCode']).toMatch(/^https:\/\/qr\.95516\.com\//);
    expect((await asked(placed))['respCode']).toBe('34');
    expect(await pays(placed)).toBe(200);
    const [notice = {}] = await heard(1);
    expect(isGenuine(notice)).toBe(true);
    const answer = await asked(placed);
    expect(answer).toMatchObject({ respCode: '00', origRespCode: '00', txnAmt: '10000', reqReserved: 'abc' });
    for (const name of ['queryId', 'traceTime', 'settleDate', 'txnAmt', 'orderId', 'txnTime', 'reqReserved'])
      expect([name, notice[name]]).toEqual([name, answer[name]]);
    expect(await pays(placed)).toBe(409);
  });

  it('is not placed twice, and is another one at another time', async () => {
    const placed = order();
    await back(placed);
    expect((await back(placed))['respCode']).toBe('12');
    expect((await back({ ...placed, txnTime: '20260131093001' }))['respCode']).toBe('00');
  });

  it.each([
    ['without an amount', { txnAmt: '' }, '10'],
    ['of yuan', { txnAmt: '100.00' }, '10'],
    ['with a number that has a hyphen', { orderId: 'ORDER-00000001' }, '10'],
    ['too late', { payTimeout: '20200101000000' }, '10'],
    ['of another merchant', { merId: '777290058000000' }, '31'],
    ['of a kind that is not offered', { txnType: '02' }, '32'],
  ])('%s is refused', async (_, over, respCode) => {
    expect((await back(order(over)))['respCode']).toBe(respCode);
  });

  it('that was changed after it was signed, or has another certificate, is refused', async () => {
    const fields = signed(order());
    expect((await sent('/gateway/api/backTransReq.do', { ...fields, txnAmt: '1' }))['respCode']).toBe('11');
    expect((await back(order({ certId: '1' })))['respCode']).toBe('11');
  });

  it.each([
    ['00', '00', '00'],
    ['03', '03', '00'],
    ['64', '00', '64'],
    ['05', '05', '05'],
  ])('by a code that ends in %s answers %s, and then is %s', async (ending, respCode, state) => {
    const placed = byCode(`62123456789012345${ending}`);
    expect((await back(placed))['respCode']).toBe(respCode);
    expect((await asked(placed))['origRespCode']).toBe(state);
  });

  it('by a code is taken back whether or not it was paid, and then has no place in a statement', async () => {
    for (const ending of ['00', '05']) {
      const placed = byCode(`62123456789012345${ending}`);
      await back(placed);
      const { orderId, txnTime } = placed;
      expect((await back({ txnType: '99', txnSubType: '01', orderId, txnTime }))['respCode']).toBe('00');
      expect((await asked(placed))['origRespCode']).toBe('01');
      expect(await pays(placed)).toBe(409);
      expect(await listed()).not.toContain(orderId);
    }
    const other = await paid();
    expect(await listed()).toContain(other['orderId']);
  });

  it('that was taken back may be paid all the same, under a fault', async () => {
    const placed = byCode('6212345678901234505');
    await back(placed);
    await control(world, 'POST', '/faults', { channel: 'unionpay', fault: 'paid_after_close', count: 1 });
    const { orderId, txnTime } = placed;
    await back({ txnType: '99', txnSubType: '01', orderId, txnTime });
    expect((await heard(1))[0]).toMatchObject({ orderId, respCode: '00' });
  });
});

describe('money that goes back', () => {
  it('is told with what the merchant wrote, in parts, and no more than was paid', async () => {
    const payment = await paid();
    await heard(1);
    expect(await returned(payment, { txnAmt: '4000', reqReserved: 'first' })).toMatchObject({ respCode: '00' });
    expect((await heard(2))[1]).toMatchObject({ txnType: '04', txnAmt: '4000', reqReserved: 'first' });
    expect((await returned(payment, { txnAmt: '6001' }))['respCode']).toBe('36');
    expect((await returned(payment, { txnAmt: '6000' }))['respCode']).toBe('00');
    expect((await returned(payment, { origQryId: '7'.repeat(21), txnAmt: '1' }))['respCode']).toBe('35');
  });

  it('is the whole, by undoing, on the day of the payment', async () => {
    const payment = await paid();
    const undo = { txnType: '31', txnSubType: '00' };
    expect((await returned(payment, { ...undo, txnAmt: '9999' }))['respCode']).toBe('36');
    expect((await returned(payment, undo))['respCode']).toBe('00');
    expect((await returned(payment, undo))['respCode']).toBe('35');
    const other = await paid();
    await control(world, 'POST', '/clock', { advance_seconds: 86_400 });
    expect((await returned(other, undo))['respCode']).toBe('35');
    expect((await returned(other))['respCode']).toBe('00');
  });
});

describe('a notification', () => {
  it.each([200, 302])('answered %i is not sent again', async (status) => {
    world.ear.ear.status = status;
    await paid();
    await heard(1);
    await control(world, 'POST', '/clock', { advance_seconds: 86_400 });
    expect(world.ear.heard).toHaveLength(1);
  });

  it('answered otherwise is sent five times, and then no more', async () => {
    world.ear.ear.status = 500;
    await paid();
    await heard(1);
    for (const seconds of [60, 120, 240, 480, 86_400])
      await control(world, 'POST', '/clock', { advance_seconds: seconds });
    expect(world.ear.heard).toHaveLength(5);
    expect(new Set(world.ear.heard.map(({ body }) => body)).size).toBe(1);
  });

  it('that is forged has UnionPay’s certificate and not its signature', async () => {
    await control(world, 'POST', '/faults', { channel: 'unionpay', fault: 'forged_signature', count: 1 });
    await paid();
    const [notice = {}] = await heard(1);
    expect(isGenuine(notice)).toBe(false);
  });
});

describe('the files of a day', () => {
  it('stand packed in an answer, the same bytes that the control side shows', async () => {
    await paid();
    const file = { txnType: '76', txnSubType: '01', fileType: '00', txnTime: '20260131093000' };
    const settleDate = today(world).slice(5).replace('-', '');
    const answer = await sent('/', signed({ ...file, settleDate }));
    expect(answer).toMatchObject({ respCode: '00', settleDate });
    const bill = await fetch(`${world.sandbox.control}/statements/unionpay/${today(world)}/trade`);
    const bytes = Buffer.from(await bill.arrayBuffer());
    expect(inflateSync(Buffer.from(answer['fileContent'] ?? '', 'base64')).equals(bytes)).toBe(true);
    expect(bytes.includes(`88ZM_${known().mer_id}`)).toBe(true);
    expect((await sent('/', signed({ ...file, settleDate: '0229' })))['respCode']).toBe('98');
  });
});
