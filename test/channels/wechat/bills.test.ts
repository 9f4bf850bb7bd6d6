import { gzipSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import {
  answering,
  channel,
  good,
  handedOut,
  no,
  offered,
  responding,
  rig,
  server,
  statement,
  whatIsAsked,
} from './world.ts';

describe('a bill of WeChat', () => {
  test.each([
    ['trade', `/v3/bill/tradebill?bill_date=2026-01-31&bill_type=ALL&tar_type=GZIP`],
    ['fund', `/v3/bill/fundflowbill?bill_date=2026-01-31&account_type=BASIC&tar_type=GZIP`],
  ] as const)('of kind %s is asked for at its own address, and fetched with a signature', async (which, target) => {
    rig.play('a statement is offered');
    await channel.fetchStatement('2026-01-31', which);
    expect(server.received.map((asked) => asked.target)).toEqual([
      target,
      '/v3/billdownload/file?token=abc-_1&tartype=gzip',
    ]);
  });

  test('that comes unpacked, or is unpacked on its way, is the same', async () => {
    for (const file of [
      handedOut(statement.file),
      { ...handedOut(gzipSync(statement.file)), headers: { 'content-encoding': 'gzip' } },
    ]) {
      responding((asked) => (whatIsAsked(asked) === 'file' ? file : offered()));
      expect(await channel.fetchStatement('2026-01-31', 'trade')).toEqual({ kind: 'file', bytes: statement.file });
    }
  });

  test.each([
    ['without a hash', { hash_value: '' }],
    ['with a hash of another kind', { hash_type: 'MD5' }],
    ['without an address', { download_url: undefined }],
    ['at no address', { download_url: 'bill.csv' }],
    ['with a name and a password', { download_url: 'http://a:b@127.0.0.1:1/v3/billdownload/file' }],
  ])('that is offered %s is not fetched', async (_, over) => {
    responding((asked) => (whatIsAsked(asked) === 'file' ? good.file : offered(over)));
    await expect(channel.fetchStatement('2026-01-31', 'trade')).rejects.toThrow();
    expect(server.received).toHaveLength(1);
  });

  test.each(['FREQUENCY_LIMITED', 'SYSTEM_ERROR', 'NO_AUTH', 'A_NEW_CODE'])(
    'that meets %s is unknown',
    async (code) => {
      answering(no(403, code));
      await expect(channel.fetchStatement('2026-01-31', 'trade')).rejects.toThrow('asking for a bill');
    },
  );
});
