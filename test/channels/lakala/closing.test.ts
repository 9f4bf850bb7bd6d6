import { describe, expect, test } from 'vitest';

import { channel, code, dataOf, orders, replied, responding, rigOf, scanned, server, whatOf } from './world.ts';

describe('ending an order at Lakala', () => {
  test.each([
    ['lakala_qr', '/api/v3/labs/relation/close', { origin_out_trade_no: code.channelOrderNo }],
    ['lakala_code', '/api/v3/labs/relation/revoked', { out_trade_no: `${code.channelOrderNo}R` }],
    ['lakala_pos', '/api/v3/ccss/counter/order/close', { out_order_no: code.channelOrderNo }],
  ] as const)('of %s asks first, and then calls %s', async (way, path, data) => {
    rigOf(way).play('closing done');
    expect(await channel.close(orders[way])).toEqual({ kind: 'closed' });
    expect(server.received.map(({ path: each }) => each)).toEqual([expect.stringContaining('query'), path]);
    expect(dataOf()).toMatchObject(data);
  });

  test('that is paid is left alone: nothing of what came in is undone', async () => {
    rigOf('lakala_code').play('paid');
    expect(await channel.close(code)).toEqual({ kind: 'ask' });
    expect(server.received).toHaveLength(1);
  });

  test('that nobody can tell is not ended', async () => {
    responding((asked) => (whatOf(asked) === 'end' ? replied('BBS11112') : scanned('DEAL')));
    await expect(channel.close(code)).rejects.toThrow('BBS11112');
  });
});
