import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Failure } from '#kernel/failure.ts';
import { fromCursor, toCursor } from '#reconciliation/files/cursor.ts';
import { fromNdjson, toNdjson } from '#reconciliation/files/ndjson.ts';
import { Offset, pageOfRecords } from '#reconciliation/files/read-records.ts';
import { ChannelLine, PlatformLine, type Result } from '#reconciliation/record.ts';

import { billDate, entries, entry, line, lines } from './given.ts';
import { paper, world } from './world.ts';

describe('what is kept of both sides', () => {
  test('reads back as it was, any number of lines of it, as integers', () => {
    fc.assert(
      fc.property(lines, entries, (theirs, ours) => {
        const bytes = toNdjson(ChannelLine, theirs);
        expect(fromNdjson(ChannelLine, bytes)).toEqual(theirs);
        expect(fromNdjson(PlatformLine, toNdjson(PlatformLine, ours))).toEqual(ours);
        expect(toNdjson(ChannelLine, fromNdjson(ChannelLine, bytes))).toEqual(bytes);
      }),
    );
    const many = Array.from({ length: 5_000 }, (_, index) => line({ line: index }));
    expect(fromNdjson(ChannelLine, toNdjson(ChannelLine, many))).toEqual(many);
    expect(toNdjson(ChannelLine, [line()]).toString()).toContain('"amount":1000,');
  });
});

const number = (index: number) => `ORDER${String(index).padStart(4, '0')}`;

/** 1,000 matched, 3 that only we have, 2 that only the channel has. */
const bigDay = async () => {
  const here = world();
  const both = Array.from({ length: 1_000 }, (_, index) => ({
    channelOrderNo: number(index),
    channelTradeNo: `T${index}`,
  }));
  const theirs = [...both, { channelOrderNo: 'X1' }, { channelOrderNo: 'X2' }];
  const ours = [...both, { channelOrderNo: 'Y1' }, { channelOrderNo: 'Y2' }, { channelOrderNo: 'Y3' }];
  here.flow.set(
    billDate,
    ours.map((over, index) => entry({ ...over, id: `pay_${index}` })),
  );
  const batch = await here.reconcile(paper(theirs.map((over, index) => line({ ...over, line: index + 2 }))));
  return { here, batch };
};

/** Follows the cursors to the end, as a client does. */
const all = async ({ here, batch }: Awaited<ReturnType<typeof bigDay>>, limit: number, result?: Result) => {
  const pages: unknown[][] = [];
  let cursor: string | null | undefined;
  do {
    const from = fromCursor(Offset, cursor ?? undefined);
    const { data, next } = await pageOfRecords(here.deps.files, { batch, result, from, limit });
    pages.push(data);
    cursor = toCursor(next);
  } while (cursor !== null);
  return pages;
};

describe('the records of a batch', () => {
  test('are listed page by page, each once, what differs first, then in the order of the statement', async () => {
    const day = await bigDay();
    const wanted = [
      ...Array(2).fill('channel_only'),
      ...Array(3).fill('platform_only'),
      ...Array(1_000).fill('matched'),
    ];
    for (const limit of [1, 2, 5, 7, 100, 201]) {
      const pages = await all(day, limit);
      const records = pages.flat().map((record) => record as { id: string; result: Result });
      expect(records.map(({ result }) => result)).toEqual(wanted);
      expect(new Set(records.map(({ id }) => id)).size).toBe(1_005);
      expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
      expect(pages.at(-1)).not.toHaveLength(0);
    }
  });

  test('of one result are that result alone, and of one that did not occur are none', async () => {
    const day = await bigDay();
    expect((await all(day, 2, 'platform_only')).map((page) => page.length)).toEqual([2, 1]);
    expect(await all(day, 2, 'carried')).toEqual([[]]);
  });

  test('are never read whole for a page of them', async () => {
    const day = await bigDay();
    const { here, batch } = day;
    here.ranges.length = 0;
    await pageOfRecords(here.deps.files, { batch, limit: 20, result: 'matched' });
    expect(here.ranges).toEqual(['bytes=0-131071']);
    expect(batch.files?.matched).toBeGreaterThan(400_000);
  });

  test('show both sides as the contract does', async () => {
    const { here, batch } = await bigDay();
    const { data } = await pageOfRecords(here.deps.files, { batch, limit: 1, result: 'matched' });
    expect(data[0]).toMatchObject({
      id: expect.stringMatching(/^rec_[0-9A-Z]{26}$/),
      result: 'matched',
      kind: 'payment',
      platform: {
        id: 'pay_0',
        channel_order_no: 'ORDER0000',
        amount: 1_000,
        fee: 6,
        status: 'succeeded',
        at: '2026-01-05T04:00:00.000Z',
      },
      channel: {
        line: 2,
        channel_order_no: 'ORDER0000',
        channel_trade_no: 'T0',
        amount: 1_000,
        fee: 6,
        status: 'SUCCESS',
      },
      difference_id: null,
    });
    const [alone] = (await pageOfRecords(here.deps.files, { batch, limit: 1 })).data;
    expect(alone).toMatchObject({ platform: null, difference_id: expect.stringMatching(/^dif_/) });
  });

  test.each([
    ['in the middle of a record', { result: 'matched', offset: 17 }],
    ['behind the end', { result: 'matched', offset: 1_000_000_000 }],
    ['of a result that did not occur', { result: 'carried', offset: 5 }],
  ] as const)('are refused at a place %s: a cursor is not believed', async (_, from) => {
    const { here, batch } = await bigDay();
    await expect(pageOfRecords(here.deps.files, { batch, limit: 5, from })).rejects.toThrow(Failure);
  });

  test('are refused at a place of another result than the one asked for', async () => {
    const { here, batch } = await bigDay();
    const from = { result: 'matched', offset: 0 } as const;
    await expect(pageOfRecords(here.deps.files, { batch, limit: 5, result: 'carried', from })).rejects.toThrow(Failure);
  });

  test.each(['', 'nonsense', toCursor({ result: 'gossip', offset: 0 })!, toCursor({ result: 'matched', offset: -1 })!])(
    'are refused with the cursor %j',
    (cursor) => {
      expect(() => fromCursor(Offset, cursor)).toThrow(Failure);
    },
  );
});
