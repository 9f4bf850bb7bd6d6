import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

import type { AgreementToSign } from '#channels/agreement.ts';
import { CallbackRefused, type Channel, type OrderToPlace, type RawCallback } from '#channels/channel.ts';

import { channelContract, type Rig, type Signing } from '../contract.ts';
import {
  accountWith,
  answering,
  appid,
  kind,
  mchid,
  now,
  order,
  paidV2,
  refusal,
  responding,
  rigOf,
  secrets,
  server,
  settings,
  spoilsV2,
  stateV2,
  statesV2,
  xml,
} from './world.ts';
import { account, fieldsOfV2, type Said, signedV2 } from './server.ts';

/* 委托代扣 at WeChat, which speaks version 2. */

let channel: Channel;
const openWith = (papay: object = {}, over: object = {}) =>
  kind.open(
    accountWith({ ...settings(), papay: { plan_id: '12535', sign_type: 'HMAC-SHA256', ...papay }, ...over }),
    { ...secrets, api_v2_key: account.apiV2Key },
    () => now,
  );
beforeAll(() => void (channel = openWith()));

type Fields = Readonly<Record<string, string>>;

/** What WeChat tells by itself, signed within. */
const told = (fields: Fields, { by = 'the channel' }: Signing = {}, type = 'MD5'): RawCallback => {
  const key = by === 'the channel' ? account.apiV2Key : 'a-key-of-somebody-else-32-bytes!';
  const all = { return_code: 'SUCCESS', nonce_str: 'x', ...fields };
  const body = Object.entries({ ...all, sign: signedV2(all, key, type) }).map(
    ([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`,
  );
  // Nothing of the headers is signed, so nothing of them is of any use.
  return { headers: {}, body: Buffer.from(`<xml>${body.join('\n')}</xml>`) };
};

const deduction: OrderToPlace = { ...order, method: 'wechat_agreement', channelAgreementNo: 'Wx15463511252015071056' };
const paidNotice = { ...paidV2, trade_state: '', result_code: 'SUCCESS', appid, mch_id: mchid };

const accepted = { result_code: 'SUCCESS' };
const good = { place: accepted, query: paidV2 };
const says: typeof statesV2 = {
  ...statesV2,
  placed: () => accepted,
  'order refused for good': () => refusal('CONTRACT_NOT_EXIST'),
  'order number known already': () => refusal('ORDERPAID'),
  'not paid yet': () => stateV2('ACCEPT'),
  // Nothing closes it: it is asked how it stands.
  'closing done': () => stateV2('CLOSED'),
};
const rig: Rig = rigOf({
  order: deduction,
  channel: () => channel,
  good: { place: xml(good.place), query: xml(good.query) },
  spoils: spoilsV2(good, 'CONTRACT_NOT_EXIST', {}),
  says(situation, what) {
    const said = what === 'place' || what === 'query' ? says[situation] : undefined;
    return said && xml(said());
  },
  callback: (signing) => told(paidNotice, signing),
});
channelContract('WeChat Pay by an agreement', () => rig, { undatedReplies: true, undated: true, signedWithin: true });

const agreement = {
  agreementNo: '01KG7X0000AGREEMENT0000001',
  channelAgreementNo: undefined,
  method: 'wechat_jsapi' as const,
  createdAt: now,
};
const signedOne = { ...agreement, channelAgreementNo: 'Wx15463511252015071056489715' };
const toSign: AgreementToSign = {
  ...agreement,
  subject: '会员',
  payerId: 'user-1',
  payerIp: '203.0.113.7',
  limits: undefined,
  today: '2026-01-31',
  expiresAt: new Date('2026-01-31T02:30:00.000Z'),
  notifyUrl: 'https://pay.example.com/callbacks/wechat/chn_1/agreements?a=1&b=茶',
  returnUrl: undefined,
};
const contract = {
  result_code: 'SUCCESS',
  contract_code: agreement.agreementNo,
  contract_id: signedOne.channelAgreementNo,
  plan_id: '12535',
  contract_state: '0',
  contract_signed_time: '1769824798',
  contract_expired_time: '1927591198',
};
const active = {
  kind: 'active',
  channelAgreementNo: signedOne.channelAgreementNo,
  signedAt: new Date('2026-01-31T01:59:58.000Z'),
  validUntil: new Date('2031-01-31T01:59:58.000Z'),
};

const sign = (over: Partial<AgreementToSign> = {}, papay: object = {}) =>
  openWith(papay).agreements!.sign({ ...toSign, ...over });
const addressIn = (target: string) => {
  const url = new URL(target, server.url);
  return { url, params: Object.fromEntries(url.searchParams) };
};
const common = {
  appid,
  mch_id: mchid,
  plan_id: '12535',
  contract_code: agreement.agreementNo,
  request_serial: expect.stringMatching(/^1769824800\d{6}$/),
  contract_display_account: 'user-1',
  notify_url: toSign.notifyUrl,
  version: '1.0',
  timestamp: '1769824800',
};

describe('an agreement at WeChat is signed', () => {
  test.each(['MD5', 'HMAC-SHA256'])(
    'within WeChat, at an address that only we can have made (%s)',
    async (sign_type) => {
      const signing = await sign({}, { sign_type });
      const action = signing.kind === 'placed' && signing.action.type === 'redirect' ? signing.action : undefined;
      const { url, params } = addressIn(action?.url ?? '');
      expect([url.origin, url.pathname, url.hash]).toEqual([server.url, '/papay/entrustweb', '#wechat_redirect']);
      const { sign: signature, ...fields } = params;
      expect(signature).toBe(signedV2(fields, account.apiV2Key, sign_type));
      const kindOf = sign_type === 'MD5' ? {} : { sign_type };
      expect(fields).toEqual({ ...common, ...kindOf, return_web: '1' });
      expect(server.received).toEqual([]);
    },
  );

  test('in another browser, at the page that WeChat names', async () => {
    const page = 'https://payapp.weixin.qq.com/entrust?token=1';
    responding(() => xml({ result_code: 'SUCCESS', redirect_url: page }, null));
    expect(await sign({ method: 'wechat_h5' })).toEqual({ kind: 'placed', action: { type: 'redirect', url: page } });
    const [{ method, target } = { method: '', target: '' }] = server.received;
    const { sign: signature, ...fields } = addressIn(target).params;
    expect([method, target.split('?')[0]]).toEqual(['GET', '/papay/h5entrustweb']);
    expect(signature).toBe(signedV2(fields, account.apiV2Key));
    expect(fields).toEqual({ ...common, sign_type: 'HMAC-SHA256', clientip: '203.0.113.7' });
    expect(await sign({ method: 'wechat_h5', payerIp: undefined })).toMatchObject({ kind: 'refused' });
  });

  test.each([
    ['of somebody else', { result_code: 'SUCCESS', redirect_url: 'https://qq.com.example.com/' }, null],
    ['of no protocol for pages', { result_code: 'SUCCESS', redirect_url: 'javascript:alert(1)' }, null],
    ['in the clear', { result_code: 'SUCCESS', redirect_url: 'http://payapp.weixin.qq.com/' }, null],
    ['that is none', { result_code: 'SUCCESS' }, null],
    ['with a password', { result_code: 'SUCCESS', redirect_url: 'https://a:b@payapp.weixin.qq.com/' }, null],
    ['that is refused by nobody knows whom', refusal('PARAM_ERROR'), null],
    [
      'that somebody else has signed',
      { result_code: 'SUCCESS', redirect_url: 'https://payapp.weixin.qq.com/' },
      'a-key-of-somebody-else-32-bytes!',
    ],
  ])('at no page %s', async (_, fields, key) => {
    answering(xml(fields, key));
    await expect(sign({ method: 'wechat_h5' })).rejects.toThrow();
  });

  test('in an app, by the number of what is to be opened', async () => {
    answering(xml({ result_code: 'SUCCESS', pre_entrustweb_id: '5778aadY9nltAsZzXixCkFIGYnV2V' }));
    expect(await sign({ method: 'wechat_app' })).toEqual({
      kind: 'placed',
      action: {
        type: 'sdk',
        params: { appid, business_type: '12', pre_entrustweb_id: '5778aadY9nltAsZzXixCkFIGYnV2V' },
      },
    });
    const { sign: signature, ...fields } = fieldsOfV2(server.received[0]!.body);
    expect(signature).toBe(signedV2(fields));
    expect(fields).toEqual({ ...common, sign_type: 'HMAC-SHA256', return_app: 'Y' });
    answering(xml(refusal('PARAM_ERROR')));
    expect(await sign({ method: 'wechat_app' })).toMatchObject({ kind: 'refused', failure: { code: 'PARAM_ERROR' } });
    answering(xml(refusal('SYSTEMERROR')));
    await expect(sign({ method: 'wechat_app' })).rejects.toThrow('SYSTEMERROR');
  });

  test.each([
    ['more than its plan allows', { amount_max: 2_001n }],
    ['another period', { amount_max: 2_000n, period: { unit: 'month' as const, count: 2 } }],
  ])('not with %s', async (_, limits) => {
    const plan = { amount_max: 2_000, period: { unit: 'month', count: 1 } };
    expect(await sign({ limits }, plan)).toMatchObject({ kind: 'refused', failure: { code: 'PLAN_LIMIT_EXCEEDED' } });
    const within = { amount_max: 2_000n, period: { unit: 'month' as const, count: 1 } };
    expect(await sign({ limits: within }, plan)).toMatchObject({ kind: 'placed' });
  });

  test('under a name that WeChat can show, whatever the payer is called', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 64 }), async (payerId) => {
        const signing = await sign({ payerId });
        const action = signing.kind === 'placed' && signing.action.type === 'redirect' ? signing.action : undefined;
        const shown = addressIn(action?.url ?? '').params['contract_display_account'] ?? '';
        expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(32);
        expect(shown).toMatch(/^[\0-\uFFFF]+$/u);
      }),
      { numRuns: 100 },
    );
  });

  test('not at an account without a plan, nor by one without the key of version 2', () => {
    expect(openWith({}, { papay: undefined }).agreements).toBeUndefined();
    expect(() => kind.open(accountWith({ ...settings(), papay: { plan_id: '1' } }), secrets, () => now)).toThrow(
      'papay needs',
    );
  });
});

describe('an agreement at WeChat', () => {
  const query = (said: Said, one: typeof agreement | typeof signedOne = agreement) => {
    answering(said);
    return channel.agreements!.query(one);
  };
  const ended = { contract_state: '1', contract_terminated_time: '1769824799' };
  const endedBy = (by: string | undefined) => ({ kind: 'terminated', at: new Date('2026-01-31T01:59:59.000Z'), by });

  test.each([
    ['stands', contract, active],
    ['stands, in Beijing’s words', { ...contract, contract_signed_time: '2026-01-31 09:59:58' }, active],
    [
      'stands without an end',
      { ...contract, contract_expired_time: '2115-02-01 00:00:00' },
      { ...active, validUntil: undefined },
    ],
    ['was never signed', refusal('CONTRACT_NOT_EXIST'), { kind: 'absent' }],
    ['is not signed', { ...contract, contract_state: '1', contract_termination_mode: '0' }, { kind: 'absent' }],
    ['is being signed', { ...contract, contract_state: '9' }, { kind: 'pending' }],
    ['ran out', { ...contract, ...ended, contract_termination_mode: '1' }, endedBy('channel')],
    ['was ended by its payer', { ...contract, ...ended, contract_termination_mode: '2' }, endedBy('payer')],
    ['was ended by our call', { ...contract, ...ended, contract_termination_mode: '3' }, endedBy('app')],
    ['was ended at WeChat’s desk', { ...contract, ...ended, contract_termination_mode: '4' }, endedBy('app')],
    ['was ended with an account', { ...contract, ...ended, contract_termination_mode: '5' }, endedBy('channel')],
    ['was ended, nobody says by whom', { ...contract, ...ended }, endedBy(undefined)],
  ] as const)('that %s is told so', async (_, said, outcome) => {
    expect(await query(xml({ ...said }))).toEqual(outcome);
  });

  test('is asked about by the plan and our number, then by WeChat’s', async () => {
    for (const one of [agreement, signedOne]) await query(xml(contract), one);
    const asked = server.received.map(({ target, body }) => ({ target, ...fieldsOfV2(body) }));
    const bare = { target: '/papay/querycontract', appid, mch_id: mchid, version: '1.0', sign_type: 'HMAC-SHA256' };
    expect(asked).toEqual([
      { ...bare, plan_id: '12535', contract_code: agreement.agreementNo, sign: expect.any(String) },
      { ...bare, contract_id: signedOne.channelAgreementNo, sign: expect.any(String) },
    ]);
  });

  test.each([
    ['of another number', xml({ ...contract, contract_code: 'OTHER' })],
    ['without its number', xml({ ...contract, contract_id: '' })],
    ['signed at no time', xml({ ...contract, contract_signed_time: '2026-02-30 00:00:00' })],
    ['refused for another reason', xml(refusal('SYSTEMERROR'))],
    ['without a signature', xml(contract, null)],
    ['of somebody else', xml(contract, 'a-key-of-somebody-else-32-bytes!')],
    ['of another merchant', xml({ ...contract, mch_id: '1900000002' })],
    ['in an outage', { ...xml(refusal('CONTRACT_NOT_EXIST')), status: 500 }],
  ])('%s is not known', async (_, said) => {
    await expect(query(said)).rejects.toThrow();
  });

  test('is ended by its number, with what WeChat documents', async () => {
    const { contract_id, contract_code } = contract;
    answering(xml({ result_code: 'SUCCESS', contract_id, contract_code }));
    expect(await channel.agreements!.terminate(signedOne, toSign.notifyUrl)).toEqual({
      kind: 'terminated',
      at: undefined,
      by: 'app',
    });
    const { sign: _, ...fields } = fieldsOfV2(server.received[0]!.body);
    expect([server.received[0]!.target, fields]).toEqual([
      '/papay/deletecontract',
      {
        appid,
        mch_id: mchid,
        sign_type: 'HMAC-SHA256',
        contract_id,
        contract_termination_remark: '商户解约',
        version: '1.0',
      },
    ]);
  });

  test.each([
    ['of another number', xml({ ...contract, contract_id: 'Wx2' })],
    ['refused for another reason', xml(refusal('SYSTEMERROR'))],
    ['without a signature', xml(contract, null)],
    ['in an outage', { ...xml(contract), status: 502 }],
  ])('whose ending is %s is not known to have ended', async (_, said) => {
    answering(said);
    await expect(channel.agreements!.terminate(signedOne, toSign.notifyUrl)).rejects.toThrow();
  });

  test('that has ended before is found so; one that stands although it was to end is not believed ended', async () => {
    const refusedThen = (standing: Fields) =>
      responding(({ target }) => xml(target === '/papay/deletecontract' ? refusal('CONTRACT_NOT_EXIST') : standing));
    refusedThen({ ...contract, ...ended, contract_termination_mode: '2' });
    expect(await channel.agreements!.terminate(signedOne, toSign.notifyUrl)).toEqual(endedBy('payer'));
    refusedThen(contract);
    await expect(channel.agreements!.terminate(signedOne, toSign.notifyUrl)).rejects.toThrow('terminating');
  });
});

describe('a deduction at WeChat', () => {
  const place = (said: Said) => {
    answering(said);
    return channel.place(deduction);
  };

  test('is asked for with what WeChat documents: taken is not paid', async () => {
    expect(await place(xml(accepted))).toEqual({ kind: 'placed', action: { type: 'none' } });
    const { sign: _, nonce_str, ...fields } = fieldsOfV2(server.received[0]!.body);
    expect(nonce_str).toMatch(/^[0-9a-f]{32}$/);
    expect([server.received[0]!.target, fields]).toEqual([
      '/pay/pappayapply',
      {
        appid,
        mch_id: mchid,
        sign_type: 'HMAC-SHA256',
        body: '一杯茶',
        out_trade_no: order.channelOrderNo,
        total_fee: '12345',
        fee_type: 'CNY',
        spbill_create_ip: '127.0.0.1',
        notify_url: order.notifyUrl,
        trade_type: 'PAP',
        contract_id: deduction.channelAgreementNo,
      },
    ]);
    expect(await place(xml(refusal('ORDER_ACCEPTED'))), 'an earlier try was taken').toMatchObject({ kind: 'placed' });
  });

  test.each(['CONTRACT_NOT_EXIST', 'CONTRACTERROR', 'NOTENOUGH', 'PARAM_ERROR'])(
    'that is refused with %s has failed',
    async (code) => {
      expect(await place(xml(refusal(code)))).toEqual({ kind: 'refused', failure: { code, message: '原因' } });
    },
  );

  test.each(['SYSTEMERROR', 'BANKERROR', 'FREQUENCY_LIMITED', 'RULELIMIT', 'A_NEW_CODE', ''])(
    'that meets %j is unknown',
    async (code) => {
      await expect(place(xml(refusal(code)))).rejects.toThrow('placing');
    },
  );

  test.each(['PAYERROR', 'PAY_FAIL'])('that ended with %s has failed', async (state) => {
    answering(xml(stateV2(state)));
    expect(await channel.query(deduction)).toEqual({ kind: 'failed', failure: { code: state, message: '说明' } });
  });

  test('is neither closed nor undone: while it may be made, closing asks', async () => {
    answering(xml(stateV2('ACCEPT')));
    expect(await channel.close(deduction)).toEqual({ kind: 'ask' });
    expect(server.received.map(({ target }) => target)).toEqual(['/pay/orderquery']);
  });

  test('is made at no account without a plan', async () => {
    await expect(openWith({}, { papay: undefined }).place(deduction)).rejects.toThrow('does not deduct');
  });
});

describe('what WeChat tells of agreements and deductions', () => {
  const read = (fields: Fields, signing?: Signing, type?: string) => channel.readCallback(told(fields, signing, type));
  const change = {
    result_code: 'SUCCESS',
    mch_id: mchid,
    contract_code: agreement.agreementNo,
    plan_id: '12535',
    change_type: 'ADD',
    operate_time: '2026-01-31 09:59:58',
    contract_id: signedOne.channelAgreementNo,
    contract_expired_time: '2031-01-31 09:59:58',
    request_serial: '1695',
  };
  const about = { about: 'agreement', agreementNo: agreement.agreementNo };

  test.each(['MD5', 'HMAC-SHA256'])('of one that was signed, and of one that has ended (%s)', (type) => {
    expect(read(change, {}, type)).toEqual({ ...about, outcome: active });
    const gone = { ...change, change_type: 'DELETE', contract_termination_mode: '2' };
    const outcome = { kind: 'terminated', at: new Date('2026-01-31T01:59:58.000Z'), by: 'payer' };
    expect(read(gone, {}, type)).toEqual({ ...about, outcome });
  });

  test('of a change that nobody knows is no news, nor is what is empty or of nothing', () => {
    expect(read({ ...change, change_type: 'PAUSE' })).toEqual({ ...about, outcome: { kind: 'pending' } });
    expect(read({ mch_id: mchid, change_type: '' })).toEqual({ about: 'nothing' });
    expect(read({ ...change, return_code: 'FAIL' })).toEqual({ about: 'nothing' });
  });

  test('of a deduction that failed ends it only by a code that says so', () => {
    const failed = (err_code: string) => read({ ...paidNotice, result_code: 'FAIL', err_code, err_code_des: '原因' });
    const ofOrder = { about: 'payment', channelOrderNo: order.channelOrderNo };
    const failure = { code: 'NOTENOUGH', message: '原因' };
    expect(failed('NOTENOUGH')).toEqual({ ...ofOrder, outcome: { kind: 'failed', failure } });
    for (const code of ['SYSTEMERROR', 'A_NEW_CODE', ''])
      expect(failed(code)).toEqual({ ...ofOrder, outcome: { kind: 'pending' } });
  });

  test.each([
    ['of another merchant', { ...change, mch_id: '1900000002' }],
    ['of no number', { ...change, contract_code: '' }],
    ['of a number that is none of ours', { ...change, contract_code: 'x'.repeat(33) }],
    ['of no agreement', { ...change, contract_id: '' }],
    ['at no time', { ...change, operate_time: 'yesterday' }],
    ['of money without its amount', { ...paidNotice, total_fee: '' }],
    ['of money at no time', { ...paidNotice, time_end: '20260230000000' }],
  ])('%s is refused', (_, fields) => {
    expect(() => read(fields)).toThrow(CallbackRefused);
  });

  test.each([
    ['by somebody else', told(change, { by: 'somebody else' }).body.toString()],
    [
      'without a signature',
      told(change)
        .body.toString()
        .replace(/<sign>.*<\/sign>/, ''),
    ],
    ['with an entity of its own', `<!DOCTYPE xml [<!ENTITY a "ADD">]>${told(change).body.toString()}`],
    ['with a field twice', told(change).body.toString().replace('</xml>', '<mch_id>1</mch_id></xml>')],
    ['larger than any', `<xml>${' '.repeat(64_000)}</xml>`],
    ['that is no text', Buffer.concat([Buffer.from('<xml>'), Buffer.from([0xff]), Buffer.from('</xml>')])],
  ])('%s is refused, in the language in which it came', (_, body) => {
    const callback = { headers: {}, body: Buffer.from(body) };
    expect(() => channel.readCallback(callback)).toThrow(CallbackRefused);
    expect(kind.acknowledge(false, callback)).toMatchObject({ status: 400, contentType: 'text/xml' });
    expect(kind.acknowledge(true, callback).body).toContain('<return_code>SUCCESS</return_code>');
  });

  test('is not read where the account has no key of version 2', () => {
    const without = kind.open(accountWith(settings()), secrets, () => now);
    expect(() => without.readCallback(told(change))).toThrow(CallbackRefused);
  });
});
