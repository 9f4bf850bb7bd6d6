import { channelContract } from '../contract.ts';
import { byCode, order, rigOf } from './world.ts';

const nature = { undated: true, signedWithin: true } as const;
channelContract('Alipay by a code that is shown', () => rigOf(order), { ...nature, ordersAppearWhenOpened: true });
channelContract('Alipay by a code that is scanned', () => rigOf(byCode), nature);
