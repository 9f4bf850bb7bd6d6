import { describe, expect, test } from 'vitest';

import { standOf, type Standing } from '#cashier/standing.ts';
import type { Payment } from '#payments/payment.ts';

import * as given from '../given.ts';

const action = { type: 'qr_code', content: 'weixin://wxpay/bizpayurl?pr=1' } as const;
const paid = given.attempt({ status: 'succeeded', receipt: given.receipt() });
const failed = given.attempt({ status: 'failed', failure: { code: 'NOTENOUGH', message: 'no' } });

const challenge = { method: 'wechat_native', digest: 'x', expires_at: given.minutes(10), wrong: 0, sent: 1 } as const;

const revision = (over: Partial<Payment>) => standOf(given.payment(over), given.minutes(1)).revision;

describe('how a payment stands for its payer', () => {
  test.each<[Standing, Partial<Payment>, number?]>([
    ['open', { attempts: [] }],
    ['open', { attempts: [given.attempt({ status: 'closed' })] }],
    ['starting', { attempts: [given.attempt()] }],
    ['waiting', { attempts: [given.attempt({ action })] }],
    ['waiting', { attempts: [failed, given.attempt({ no: 2, action })] }],
    ['unknown', { attempts: [given.attempt({ status: 'unknown' })] }],
    ['failed', { attempts: [failed] }],
    ['challenged', { attempts: [], challenge }],
    ['challenged', { attempts: [failed], challenge }],
    ['expired', { attempts: [], challenge }, 120],
    ['paid', { attempts: [paid] }],
    ['paid', { attempts: [failed, { ...paid, no: 2 }] }],
    ['duplicate', { attempts: [paid, { ...paid, no: 2, duplicate: true }] }],
    ['late', { closed_at: given.minutes(1), attempts: [{ ...paid, late: true }] }],
    ['closed', { closed_at: given.minutes(1), close_reason: 'by_app', attempts: [] }],
    ['expired', { closed_at: given.minutes(121), close_reason: 'expired', attempts: [] }],
    // Nothing can be paid any more, though nobody has written it yet.
    ['expired', { attempts: [] }, 120],
    ['expired', { attempts: [failed] }, 121],
    // A code may have been paid in its last second: only the channel knows, and no clock says that it failed.
    ['unknown', { attempts: [given.attempt({ action })] }, 120],
    [
      'unknown',
      { attempts: [given.attempt({ action })], close_requested_at: given.minutes(1), close_reason: 'by_app' },
    ],
    ['paid', { attempts: [paid] }, 500],
  ])('is %s', (standing, over, minutes = 1) => {
    expect(standOf(given.payment(over), given.minutes(minutes)).standing).toBe(standing);
  });

  test('has another revision exactly when the payer would see something else', () => {
    const waiting = revision({ attempts: [given.attempt({ action })] });
    expect(revision({ version: 9, attempts: [given.attempt({ action, sent_again_at: given.minutes(1) })] })).toBe(
      waiting,
    );
    expect(revision({ attempts: [given.attempt()] })).not.toBe(waiting);
    expect(revision({ attempts: [failed, given.attempt({ no: 2, action })] })).not.toBe(waiting);
  });
});
