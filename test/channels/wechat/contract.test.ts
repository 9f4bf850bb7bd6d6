import { channelContract, type Rig } from '../contract.ts';
import {
  channelV2,
  codeOrder,
  codeRig,
  paidV2,
  refusal,
  rig,
  rigOf,
  server,
  spoilsV2,
  stateV2,
  statesV2,
  xml,
} from './world.ts';

channelContract('WeChat Pay', () => rig);
channelContract('WeChat Pay by a payer’s code', () => codeRig);

const undoingV2 = () => {
  const undone = server.received.some(({ target }) => target.endsWith('/reverse'));
  return stateV2(undone ? 'REVOKED' : 'USERPAYING');
};

const goodV2 = {
  place: refusal('USERPAYING'),
  query: paidV2,
  reverse: { result_code: 'SUCCESS', recall: 'N' },
};

const saysV2: typeof statesV2 = {
  ...statesV2,
  placed: () => refusal('USERPAYING'),
  'order refused for good': () => refusal('AUTHCODEEXPIRE'),
  'order number known already': () => refusal('OUT_TRADE_NO_USED'),
  'closing done': undoingV2,
};

const codeRigV2: Rig = rigOf({
  order: codeOrder,
  channel: () => channelV2,
  good: { place: xml(goodV2.place), query: xml(goodV2.query), reverse: xml(goodV2.reverse) },
  spoils: spoilsV2(goodV2, 'AUTHCODEEXPIRE', { result_code: 'SUCCESS' }),
  says(situation, what) {
    if (what === 'reverse') return xml(goodV2.reverse);
    const said = what === 'place' || what === 'query' ? saysV2[situation] : undefined;
    return said && xml(said());
  },
});

channelContract('WeChat Pay by a payer’s code, version 2', () => codeRigV2, { undatedReplies: true });
