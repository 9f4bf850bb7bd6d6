import { channelContract, type Rig, type Situation, type Uncertain } from '../contract.ts';
import type { Said } from './server.ts';
import {
  channelV2,
  codeOrder,
  codeRig,
  paidV2,
  refusal,
  rig,
  rigOf,
  server,
  stateV2,
  type What,
  xml,
} from './world.ts';

channelContract('WeChat Pay', () => rig);
channelContract('WeChat Pay by a payer’s code', () => codeRig);

const undoingV2 = () => {
  const undone = server.received.some(({ target }) => target.endsWith('/reverse'));
  return stateV2(undone ? 'REVOKED' : 'USERPAYING');
};

const goodV2: Partial<Record<What, Record<string, string>>> = {
  place: refusal('USERPAYING'),
  query: paidV2,
  reverse: { result_code: 'SUCCESS', recall: 'N' },
};

const saysV2: Partial<Record<Situation, () => Record<string, string>>> = {
  placed: () => refusal('USERPAYING'),
  'order refused for good': () => refusal('AUTHCODEEXPIRE'),
  'order number known already': () => refusal('OUT_TRADE_NO_USED'),
  'not paid yet': () => stateV2('NOTPAY'),
  paid: () => paidV2,
  'paid and partly refunded': () => ({ ...paidV2, trade_state: 'REFUND' }),
  closed: () => stateV2('CLOSED'),
  'in a state nobody knows': () => stateV2('FROZEN'),
  'another order is answered': () => ({ ...paidV2, out_trade_no: 'ANOTHERORDER' }),
  absent: () => refusal('ORDERNOTEXIST'),
  'closing done': undoingV2,
  'closed before': () => stateV2('REVOKED'),
  'cannot be closed since it is paid': () => paidV2,
};

const definiteV2: Partial<Record<What, string>> = { place: 'AUTHCODEEXPIRE', query: 'ORDERNOTEXIST' };

const spoilV2 = (situation: Uncertain, what: What): Said | undefined => {
  const right = goodV2[what];
  if (!right) return undefined;
  const stranger = 'a-key-of-somebody-else-32-bytes!';
  if (situation === 'an outage that calls itself a definite refusal')
    return { ...xml(refusal(definiteV2[what] ?? '')), status: 500 };
  if (situation === 'too many requests') return { ...xml(refusal(definiteV2[what] ?? '')), status: 429 };
  if (situation === 'a signed reply without what was asked') return xml({ result_code: 'SUCCESS' });
  if (situation === 'a good reply with a forged signature') return xml(right, stranger);
  if (situation === 'a good reply signed with an unknown key') return xml(right, stranger);
  return situation === 'a good reply without a signature' ? xml(right, null) : undefined;
};

const codeRigV2: Rig = rigOf({
  order: codeOrder,
  channel: () => channelV2,
  good: { place: xml(goodV2.place!), query: xml(goodV2.query!), reverse: xml(goodV2.reverse!) },
  spoils: spoilV2,
  says(situation, what) {
    if (what === 'reverse') return xml(goodV2.reverse!);
    const said = what === 'place' || what === 'query' ? saysV2[situation] : undefined;
    return said && xml(said());
  },
});

channelContract('WeChat Pay by a payer’s code, version 2', () => codeRigV2, { undatedReplies: true });
