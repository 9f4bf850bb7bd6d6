import * as z from 'zod';

import { Settlement } from './settlement.ts';

export const SettlementView = Settlement.omit({ version: true, accounting_date: true, statement_key: true }).extend({
  statement_url: z.string().nullable(),
});

export const settlementView = (settlement: Settlement, statementUrl: string | null): z.input<typeof SettlementView> =>
  z.encode(SettlementView, { ...settlement, statement_url: statementUrl });
