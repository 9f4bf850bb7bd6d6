import type { OrderToPlace } from '#channels/channel.ts';

import { channelContract, type BadDownload, type Rig, type Situation, type Uncertain } from '../contract.ts';
import { zip } from '../zip.ts';
import { archiveOf, someRows, zmOf } from './bill.ts';
import { merchantKeyPem, notification, type Said } from './server.ts';
import {
  about,
  at,
  channel,
  code,
  handedOut,
  kind,
  merId,
  money,
  noFile,
  now,
  orderIs,
  orderKey,
  paid,
  paidNotice,
  placed,
  qr,
  queryId,
  refund,
  refunded,
  refundIs,
  refundNotice,
  responding,
  server,
  statement,
  type What,
  whatIsAsked,
} from './world.ts';

const offeredBadly: Record<BadDownload, () => Said> = {
  'is another than the one announced': () => handedOut(archiveOf(zmOf(someRows), { day: '250130' })),
  'has lost its end': () => handedOut(statement.packed.subarray(0, -20)),
  'has been changed in one byte': () =>
    handedOut(Buffer.from(statement.packed).fill(statement.packed[300]! ^ 1, 300, 301)),
  'is unpacked larger than any': () => handedOut(zip([{ name: 'large', bytes: Buffer.alloc(64_000_001) }])),
  'is empty': () => handedOut(Buffer.alloc(0)),
  'is at an address of somebody else': () => ({ status: 500 }),
  'is at another address of the channel': () => ({ status: 500 }),
  'has gone from its address': () => ({ status: 404, body: 'gone' }),
  'is behind a redirect': () => ({ status: 302, headers: { location: '/elsewhere/file' } }),
};

const situations: Record<Situation, (what: What, method: string) => Said> = {
  placed: (_, method) => placed(method),
  'order refused for good': () => about('33'),
  'order number known already': () => about('12'),
  'not paid yet': () => orderIs('05'),
  paid: () => paid,
  'paid and partly refunded': () => paid,
  closed: () => orderIs('01'),
  'in a state nobody knows': () => orderIs('42'),
  'another order is answered': () => orderIs('00', { ...money, orderId: 'ANOTHERORDER' }),
  absent: () => about('34'),
  'closing done': (what, method) => {
    if (what === 'reverse') return about('00');
    return method === 'unionpay_code' ? orderIs('05') : orderIs('01');
  },
  'closed before': () => orderIs('65'),
  'cannot be closed since it is paid': () => paid,
  'refund accepted': (what) => (what === 'refund' ? refunded('00') : refundIs('05')),
  'refund done': (what) => (what === 'refund' ? refunded('00') : refundIs('00')),
  'refund refused for good': () => refunded('36'),
  'refund not now': () => refunded('06'),
  'refund failed': (what) => (what === 'refund' ? refunded('30') : refundIs('30')),
  'refund needs a person': (what) => (what === 'refund' ? refunded('05') : refundIs('04')),
  'refund in a state nobody knows': (what) => (what === 'refund' ? refunded('05') : refundIs('Z9')),
  'another refund is answered': (what) =>
    what === 'refund' ? refunded('00', { orderId: 'ANOTHER' }) : refundIs('00', { txnAmt: '346' }),
  'refund absent': () => refunded('34'),
  'a statement is offered': () => handedOut(statement.packed),
  'a statement is being made': () => noFile,
  'there is no statement since there were no trades': () => noFile,
};

const good = (what: What, method: string): Said => {
  const usual: Record<What, () => Said> = {
    place: () => placed(method),
    query: () => paid,
    reverse: () => about('00'),
    refund: () => refunded('00'),
    queryRefund: () => refundIs('00'),
    file: () => handedOut(statement.packed),
  };
  return usual[what]();
};

const definite: Record<What, () => Said> = {
  place: () => about('33'),
  query: () => about('34'),
  reverse: () => about('34'),
  refund: () => refunded('36'),
  queryRefund: () => refunded('34'),
  file: () => noFile,
};

/** Everything but the one fault is as it should be, so that each guard stands alone. */
const faults: Record<Uncertain, (what: What, method: string) => Said> = {
  'an outage that calls itself a definite refusal': (what) => ({ ...definite[what](), status: 500 }),
  'an outage without words': () => ({ status: 502, body: '' }),
  'too many requests': (what) => ({ ...definite[what](), status: 429 }),
  'absence claimed by a page of a proxy': () => ({ status: 404, body: '<html>respCode=34</html>' }),
  'a redirect': (what) => ({ status: 307, headers: { location: `/elsewhere/${what}` } }),
  'a signed reply that is not in the language of the channel': () => ({ body: 'SUCCESS' }),
  'a signed reply without what was asked': () => ({ body: { merId, ...orderKey } }),
  'a good reply with a forged signature': (...all) => ({ ...good(...all), signing: { by: 'somebody else' } }),
  'a good reply without a signature': (...all) => ({ ...good(...all), signing: { not: true } }),
  'a good reply signed with an unknown key': (...all) => ({ ...good(...all), signing: { by: 'an unknown key' } }),
  'a good reply of yesterday, replayed': () => {
    throw new Error('nothing in a reply of UnionPay says when it was made');
  },
  'a good reply cut short': (...all) => ({ ...good(...all), line: 'cut' }),
  'a reply that never ends growing': (...all) => ({ ...good(...all), padding: 4_000_000 }),
  'a connection that is reset': () => ({ line: 'reset' }),
};

const isBad = (situation: string): situation is BadDownload => situation in offeredBadly;
const isFault = (situation: string): situation is Uncertain => situation in faults;

const rigOf = (placing: OrderToPlace): Rig => ({
  kind,
  get channel() {
    return channel;
  },
  now,
  order: placing,
  refund,
  secrets: [merchantKeyPem.split('\n')[1]!],
  paid: { channelTradeNo: queryId, paidAt: new Date('2026-01-31T01:59:58.000Z') },
  refunded: {
    acceptedAt: new Date('2026-01-31T01:59:00.000Z'),
    succeededAt: new Date('2026-01-31T01:59:00.000Z'),
  },
  play(situation) {
    // UnionPay says the same of a file that is not made yet: the time of day tells them apart.
    at(situation === 'there is no statement since there were no trades' ? new Date('2026-01-31T06:00:00Z') : now);
    responding((asked) => {
      const what = whatIsAsked(asked);
      const { method } = placing;
      if (asked.path.startsWith('/elsewhere')) return good(what, method);
      if (situation === 'silence') return { line: 'silence' };
      if (situation === 'drip') return { ...good(what, method), line: 'drip' };
      if (isBad(situation)) return offeredBadly[situation]();
      return isFault(situation) ? faults[situation](what, method) : situations[situation](what, method);
    });
  },
  get received() {
    return server.received.map(({ path, body }) => `${path} ${body}`);
  },
  callback(what, signing) {
    if (what === 'paid') return notification(paidNotice(), signing);
    if (what === 'refunded') return notification(refundNotice(), signing);
    return notification(paidNotice({ txnType: '31' }), signing);
  },
  statement,
});

const nature = {
  undated: true,
  signedWithin: true,
  closedIsFailed: true,
  refundsAreDoneLater: true,
  statementsInReplies: true,
  statementsEndAnywhere: true,
} as const;

channelContract('UnionPay by the payer’s code', () => rigOf(code), nature);
channelContract('UnionPay by a code to scan', () => rigOf(qr), { ...nature, ordersAppearWhenOpened: true });
