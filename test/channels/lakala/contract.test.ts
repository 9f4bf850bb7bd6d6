import { channelContract } from '../contract.ts';
import { rigOf } from './world.ts';

const nature = { statementsAreBrought: true } as const;
channelContract('Lakala by a card at a POS', () => rigOf('lakala_pos'), nature);
channelContract('Lakala by the payer’s code', () => rigOf('lakala_code'), nature);
