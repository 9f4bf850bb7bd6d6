import { describe, expect, test, vi } from 'vitest';

import { statementReader } from '#channels/readers.ts';

import { archiveOf, someRows, zmOf } from './bill.ts';
import { answering, channel, handedOut, kind, noFile, openWith, server, statement } from './world.ts';

describe('a statement of UnionPay', () => {
  test('is asked for by month and day, at the host of files', async () => {
    answering(noFile);
    await channel.fetchStatement('2026-01-30', 'trade');
    expect(server.received[0]).toMatchObject({
      path: '/',
      params: { txnType: '76', settleDate: '0130', fileType: '00' },
    });
    const asked: string[] = [];
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (to) => {
      asked.push(new Request(to).url);
      throw new Error('nobody is there');
    });
    for (const host of ['gateway.95516.com', 'gateway.test.95516.com'])
      await openWith({ base_url: `https://${host}` })
        .fetchStatement('2026-01-30', 'trade')
        .catch(() => undefined);
    vi.restoreAllMocks();
    expect(asked).toEqual(['https://filedownload.95516.com/', 'https://filedownload.test.95516.com/']);
  });

  test.each([
    ['of another day', { settleDate: '0129' }],
    ['that is no base64 of anything packed', { fileContent: 'AAAA' }],
    ['that is not there', { fileContent: '' }],
  ])('%s is fetched again', async (_, more) => {
    answering(handedOut(statement.packed, more));
    await expect(channel.fetchStatement('2026-01-30', 'trade')).rejects.toThrow();
  });

  test('of another merchant is fetched again', async () => {
    answering(handedOut(archiveOf(zmOf(someRows), { merchant: '700000000000002' })));
    await expect(channel.fetchStatement('2026-01-30', 'trade')).rejects.toThrow('another merchant');
  });

  test('that does not add up is kept: the batch will say where', async () => {
    const doubtful = archiveOf(zmOf([{ ...someRows[0]!, settled: 'C000000000001' }]));
    answering(handedOut(doubtful));
    expect(await channel.fetchStatement('2026-01-30', 'trade')).toEqual({ kind: 'file', bytes: doubtful });
    await expect(statementReader(kind.name)(doubtful, 'trade')).rejects.toThrow('结算金额');
  });
});
