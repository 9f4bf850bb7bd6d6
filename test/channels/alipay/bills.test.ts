import { afterEach, describe, expect, test, vi } from 'vitest';

import { statementReader } from '#channels/readers.ts';

import { zip } from '../zip.ts';
import { fileOf, someRows, tradeArchive, tradeLines } from './bill.ts';
import {
  answering,
  at,
  channel,
  handedOut,
  kind,
  no,
  offered,
  openWith,
  responding,
  sent,
  server,
  statement,
  whatIsAsked,
} from './world.ts';

describe('a bill of Alipay', () => {
  test.each([
    ['trade', 'trade'],
    ['fund', 'signcustomer'],
  ] as const)('of kind %s is asked for as %s', async (which, bill_type) => {
    answering(no('isp.bill_not_exist'));
    await channel.fetchStatement('2026-01-30', which);
    expect(sent()).toEqual({ bill_type, bill_date: '2026-01-30' });
  });

  test.each([
    ['2026-01-31T05:59:59Z', 'BILL_NOT_EXIST', 'not_yet'],
    ['2026-01-31T05:59:59Z', 'isp.bill_not_exist', 'not_yet'],
    ['2026-01-31T06:00:00Z', 'BILL_NOT_EXIST', 'no_trades'],
    ['2026-02-07T00:00:00Z', 'isp.bill_not_exist', 'no_trades'],
    ['2026-01-30T06:00:00Z', 'isp.bill_not_exist', 'not_yet'],
  ])('that is not there at %s (%s) is %s', async (instant, code, outcome) => {
    at(new Date(instant));
    answering(no(code));
    expect(await channel.fetchStatement('2026-01-30', 'trade')).toEqual({ kind: outcome });
  });

  test.each(['INVAILID_ARGUMENTS', 'UNKNOW_ERROR', 'isp.unknow-error', 'A_NEW_CODE'])(
    'that meets %s is unknown',
    async (code) => {
      answering(no(code));
      await expect(channel.fetchStatement('2026-01-30', 'trade')).rejects.toThrow('asking for a bill');
    },
  );

  test.each([
    'bill.zip',
    'ftp://dwbillcenter.alipay.com/bill',
    'https://dwbillcenter.alipay.com/bill',
    'https://alipay.com.evil.example/bill',
    'http://169.254.169.254/latest/meta-data',
    'http://a:b@127.0.0.1:1/bill',
    'file:///etc/passwd',
  ])('at %s is not fetched by an account on this machine', async (address) => {
    answering(offered(address));
    await expect(channel.fetchStatement('2026-01-30', 'trade')).rejects.toThrow('address');
    expect(server.received).toHaveLength(1);
  });

  describe('of an account at the true gateway', () => {
    /** The internet is this machine's own server. */
    const atTheTrueGateway = async (address: string) => {
      const asked: string[] = [];
      const usual = globalThis.fetch;
      vi.spyOn(globalThis, 'fetch').mockImplementation((to, init) => {
        const url = new URL(to instanceof Request ? to.url : to);
        asked.push(`${url.origin}${url.pathname}`);
        return usual(`${server.url}${url.pathname}${url.search}`, init);
      });
      responding((question) => (whatIsAsked(question) === 'file' ? handedOut(statement.packed) : offered(address)));
      const base_url = 'https://openapi.alipay.com/gateway.do';
      const fetched = await openWith({ base_url })
        .fetchStatement('2026-01-30', 'trade')
        .catch((error: Error) => error.message);
      return { fetched, asked };
    };
    afterEach(() => void vi.restoreAllMocks());

    test.each(['http', 'https'])('is fetched from another host of Alipay, named with %s, over TLS', async (scheme) => {
      const address = `${scheme}://dwbillcenter.alipay.com/downloadBillFile.resource?bizType=trade`;
      expect(await atTheTrueGateway(address)).toEqual({
        fetched: { kind: 'file', bytes: statement.packed },
        asked: ['https://openapi.alipay.com/gateway.do', 'https://dwbillcenter.alipay.com/downloadBillFile.resource'],
      });
    });

    test.each([
      'https://alipay.com.evil.example/downloadBillFile.resource',
      'https://evilalipay.com/downloadBillFile.resource',
      'http://127.0.0.1/downloadBillFile.resource',
      'http://169.254.169.254/latest/meta-data',
      'https://dwbillcenter.alipay.com:8443/downloadBillFile.resource',
      'http://dwbillcenter.alipay.com:8080/downloadBillFile.resource',
      'https://a:b@dwbillcenter.alipay.com/downloadBillFile.resource',
      'ftp://dwbillcenter.alipay.com/downloadBillFile.resource',
      'https://openapi.alipay.com/gateway.do?method=alipay.trade.refund',
    ])('is not fetched from %s', async (address) => {
      expect(await atTheTrueGateway(address)).toEqual({
        fetched: 'the address of the bill is not one of Alipay',
        asked: ['https://openapi.alipay.com/gateway.do'],
      });
    });
  });

  test('of another merchant, of another day, or not packed, is fetched again', async () => {
    const others = [
      tradeArchive(someRows, { account: '20880000000000020156' }),
      tradeArchive(someRows, { day: '2026-01-31' }),
      statement.file,
      Buffer.from('{"code":"40004"}'),
    ];
    for (const other of others) {
      responding((asked) => (whatIsAsked(asked) === 'file' ? handedOut(other) : offered()));
      await expect(channel.fetchStatement('2026-01-30', 'trade')).rejects.toThrow();
    }
  });

  test('that does not add up is kept: the batch will say where', async () => {
    const lines = tradeLines(someRows).map((line) => line.replace('退款合计：1笔', '退款合计：2笔'));
    const doubtful = zip([
      { name: 'a.csv', bytes: fileOf(lines) },
      { name: 'b.csv', bytes: fileOf(tradeLines(someRows).map((line) => line.replaceAll('业务明细', '业务汇总'))) },
    ]);
    responding((asked) => (whatIsAsked(asked) === 'file' ? handedOut(doubtful) : offered()));
    const fetched = await channel.fetchStatement('2026-01-30', 'trade');
    expect(fetched).toEqual({ kind: 'file', bytes: doubtful });
    await expect(statementReader(kind.name)(doubtful, 'trade')).rejects.toThrow('退款合计');
  });
});
