import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Agreement, heard, loseAnswer, offered, refused, requestTermination } from '#agreements/agreement.ts';
import { eventsOf } from '#agreements/events.ts';
import { periodOf, within } from '#agreements/limits.ts';
import { nextLook } from '#agreements/next-look.ts';
import type { AgreementOutcome } from '#channels/agreement.ts';
import { addDays } from '#kernel/business-date.ts';
import { isAgreementStuck } from '#looks/at-risk.ts';
import * as z from 'zod';

import * as given from '../given.ts';

const begun = given.agreement();
const active = (at: Date): AgreementOutcome => ({ kind: 'active', channelAgreementNo: 'C1', signedAt: at });

/** Whatever may be learnt or asked of an agreement, by a number of minutes after it was begun. */
const steps = {
  signed: (agreement: Agreement, now: Date) => heard(agreement, active(now), now),
  'signed under another number': (agreement: Agreement, now: Date) =>
    heard(agreement, { kind: 'active', channelAgreementNo: 'C2', signedAt: now }, now),
  ended: (agreement: Agreement, now: Date) => heard(agreement, { kind: 'terminated', at: now, by: undefined }, now),
  absent: (agreement: Agreement, now: Date) => heard(agreement, { kind: 'absent' }, now),
  pending: (agreement: Agreement, now: Date) => heard(agreement, { kind: 'pending' }, now),
  asked: requestTermination,
  lost: loseAnswer,
  offered: (agreement: Agreement) => offered(agreement, { type: 'redirect', url: 'https://pay.example' }),
  refused: (agreement: Agreement) => refused(agreement, { code: 'NO', message: 'no' }),
} satisfies Record<string, (agreement: Agreement, now: Date) => Agreement>;

const story = fc.array(
  fc.record({ step: fc.constantFrom(...Object.values(steps)), minutes: fc.integer({ min: 0, max: 60 }) }),
  { maxLength: 12 },
);

describe('an agreement', () => {
  test('whatever comes in whatever order: keeps its facts, ends once, and is told of once', () => {
    fc.assert(
      fc.property(story, (moments) => {
        let agreement = begun;
        let now = begun.created_at;
        const told: string[] = [];
        for (const { step, minutes } of moments) {
          now = given.minutes(minutes, now);
          const after = step(agreement, now);
          told.push(...eventsOf(agreement, after).map(({ id }) => id));
          // Heard again at once, nothing changes: not even the row.
          const again = step(after, now);
          expect(again.status).toBe(after.status);
          if (agreement.status === 'terminated') expect(after).toBe(agreement);
          if (agreement.channel_agreement_no) expect(after.channel_agreement_no).toBe(agreement.channel_agreement_no);
          // Nothing is asked to end and then charged all the same.
          if (agreement.status === 'terminating') expect(['terminating', 'terminated']).toContain(after.status);
          if (after.status === 'active') expect([after.signed_at, after.action]).toEqual([expect.any(Date), undefined]);
          if (['pending', 'unknown', 'active', 'terminating'].includes(after.status))
            expect(nextLook(after, now)!.getTime()).toBeGreaterThan(now.getTime());
          else expect(nextLook(after, now)).toBeUndefined();
          expect(Agreement.parse(z.encode(Agreement, after))).toEqual(after);
          agreement = after;
        }
        expect(new Set(told).size).toBe(told.length);
      }),
      { numRuns: 2_000 },
    );
  });

  test('that nobody has signed runs out only once nobody can sign it any more', () => {
    expect(steps.absent(begun, given.minutes(39)).status).toBe('pending');
    const expired = steps.absent(begun, given.minutes(40));
    expect(expired.status).toBe('expired');
    // It was signed in the last moment, and the word of it came later.
    expect(steps.signed(expired, given.minutes(41)).status).toBe('active');
  });

  test('that its payer signs after its end was asked for is still to be ended', () => {
    const asked = requestTermination(begun, given.minutes(1));
    expect(steps.absent(asked, given.minutes(2)).status).toBe('terminating');
    const signed = steps.signed(asked, given.minutes(3));
    expect(signed).toMatchObject({ status: 'terminating', channel_agreement_no: 'C1' });
    expect(steps.absent(asked, given.minutes(40))).toMatchObject({ status: 'terminated', terminated_by: 'app' });
  });

  test('is not ended by a channel that does not find yet what it has just signed', () => {
    const signed = steps.signed(begun, given.minutes(1));
    expect(steps.absent(signed, given.minutes(1)).status).toBe('active');
    expect(steps.absent(signed, given.minutes(3))).toMatchObject({ status: 'terminated', terminated_by: 'channel' });
  });
});

describe('an agreement is looked at', () => {
  const standing = steps.signed(begun, given.minutes(1));
  const day = 24 * 60;

  test('once a day while it stands, and when it ends by itself', () => {
    expect(nextLook(standing, given.minutes(1))).toEqual(given.minutes(day + 1));
    expect(nextLook(standing, given.minutes(day))).toEqual(given.minutes(day + 1));
    expect(nextLook(standing, given.minutes(day + 1))).toEqual(given.minutes(2 * day + 1));
    const timed = { ...standing, valid_until: given.minutes(90) };
    expect(nextLook(timed, given.minutes(2))).toEqual(given.minutes(90));
    expect(nextLook({ ...standing, valid_until: given.minutes(2 * day) }, given.minutes(2))).toEqual(
      given.minutes(day + 1),
    );
    expect(nextLook(steps.ended(standing, given.minutes(5)), given.minutes(6))).toBeUndefined();
  });

  test('by somebody, once its channel has not said for a day how it ended', () => {
    const stuck = (agreement: Agreement, minutes: number) => isAgreementStuck(agreement, given.minutes(minutes));
    // It could be signed for half an hour.
    expect([stuck(begun, day + 30), stuck(begun, day + 31)]).toEqual([false, true]);
    const ending = requestTermination(standing, given.minutes(5));
    expect([stuck(ending, day + 5), stuck(ending, day + 6)]).toEqual([false, true]);
    const unsigned = requestTermination(begun, given.minutes(5));
    expect([stuck(unsigned, day + 30), stuck(unsigned, day + 31)]).toEqual([false, true]);
    for (const over of [standing, steps.ended(ending, given.minutes(6)), steps.absent(begun, given.minutes(60))])
      expect(stuck(over, 9 * day), over.status).toBe(false);
  });
});

describe('the limits of an agreement', () => {
  test.each([
    ['2026-01-31', '2026-02-27', 0],
    ['2026-01-31', '2026-02-28', 1],
    ['2026-01-31', '2026-03-30', 1],
    ['2026-01-31', '2026-03-31', 2],
    ['2026-01-15', '2027-01-14', 11],
    ['2026-01-15', '2027-01-15', 12],
    ['2026-01-15', '2026-01-14', -1],
  ])('months from %s until %s are %i', (first, day, period) => {
    expect(periodOf({ unit: 'month', count: 1 }, first, day)).toBe(period);
  });

  test('every day is in one period, and periods follow each other', () => {
    const limits = fc.record({
      unit: fc.constantFrom('day' as const, 'month' as const),
      count: fc.integer({ min: 1, max: 13 }),
    });
    fc.assert(
      fc.property(
        limits,
        fc.integer({ min: 0, max: 1_500 }),
        fc.integer({ min: 0, max: 800 }),
        (period, from, days) => {
          const first = addDays('2024-01-01', from);
          const [today, tomorrow] = [addDays(first, days), addDays(first, days + 1)];
          const [a, b] = [periodOf(period, first, today), periodOf(period, first, tomorrow)];
          expect(a).toBeGreaterThanOrEqual(0);
          expect([a, a + 1]).toContain(b);
          if (days === 0) expect(a).toBe(0);
        },
      ),
    );
  });

  test('refuse a fen too much, and a day too early', () => {
    const asked = { amount: 100n, now: given.noon, timeZone: 'Asia/Shanghai', signedAt: given.noon };
    expect(within({ amount_max: 100n, first_on: given.today }, asked)).toBeUndefined();
    const code = { code: 'agreement_limit_exceeded' };
    expect(() => within({ amount_max: 99n }, asked)).toThrow(expect.objectContaining(code));
    expect(() => within({ first_on: '2026-03-03' }, asked)).toThrow(expect.objectContaining(code));
  });
});
