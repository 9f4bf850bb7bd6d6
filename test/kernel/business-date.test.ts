import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { addDays, BusinessDate, businessDate, Instant, TimeZone } from '#kernel/business-date.ts';

describe('a business date', () => {
  test.each([
    ['2026-03-01T15:59:59.999Z', 'Asia/Shanghai', '2026-03-01'],
    ['2026-03-01T16:00:00.000Z', 'Asia/Shanghai', '2026-03-02'],
    ['2026-12-31T16:00:00.000Z', 'Asia/Shanghai', '2027-01-01'],
    // Clocks go forward at 01:00 and back at 01:00 UTC: the cut is midnight on the wall, whatever the offset is.
    ['2026-03-28T22:59:59.999Z', 'Europe/Berlin', '2026-03-28'],
    ['2026-03-29T21:59:59.999Z', 'Europe/Berlin', '2026-03-29'],
    ['2026-03-29T22:00:00.000Z', 'Europe/Berlin', '2026-03-30'],
    ['2026-10-25T22:59:59.999Z', 'Europe/Berlin', '2026-10-25'],
    ['2026-10-25T23:00:00.000Z', 'Europe/Berlin', '2026-10-26'],
    // In São Paulo midnight itself was once skipped.
    ['2018-11-04T02:59:59.999Z', 'America/Sao_Paulo', '2018-11-03'],
    ['2018-11-04T03:00:00.000Z', 'America/Sao_Paulo', '2018-11-04'],
    ['2026-03-02T00:00:00.000Z', 'UTC', '2026-03-02'],
  ])('%s in %s is %s', (instant, zone, date) => expect(businessDate(new Date(instant), zone)).toBe(date));

  test('in Shanghai is the date eight hours on', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }), (at) => {
        const date = businessDate(at, 'Asia/Shanghai');
        expect(date).toBe(new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 10));
        expect(BusinessDate.safeParse(date).success).toBe(true);
      }),
    );
  });

  test('moves by days over months, leap days and changes of the clock', () => {
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29');
    expect(addDays('2026-02-28', 1)).toBe('2026-03-01');
    expect(addDays('2026-03-28', 2)).toBe('2026-03-30');
    expect(addDays('2027-01-01', -1)).toBe('2026-12-31');
    fc.assert(
      fc.property(
        fc.integer({ min: -4_000, max: 4_000 }),
        (count) => addDays(addDays('2026-03-02', count), -count) === '2026-03-02',
      ),
    );
  });

  test.each(['2026-02-29', '2026-13-01', '20260302', '2026-3-2'])('%s is none', (text) =>
    expect(BusinessDate.safeParse(text).success).toBe(false),
  );
});

test('an instant is RFC 3339 in UTC and keeps its milliseconds', () => {
  expect(Instant.encode(Instant.parse('2026-03-02T02:00:00.123Z'))).toBe('2026-03-02T02:00:00.123Z');
  for (const text of ['2026-03-02T02:00:00+08:00', '2026-03-02 02:00:00Z', '2026-03-02', '1772416800'])
    expect(Instant.safeParse(text).success).toBe(false);
});

test('a time zone is one that exists', () => {
  expect(TimeZone.safeParse('Asia/Shanghai').success).toBe(true);
  expect(TimeZone.safeParse('Asia/Atlantis').success).toBe(false);
});
