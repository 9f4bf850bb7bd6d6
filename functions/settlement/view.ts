import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { Sum } from '#kernel/money.ts';

import { Settlement } from './settlement.ts';
import type { SettlementStore } from './store.ts';
import { Try } from './try.ts';

/** The latest try, with what of the settlement it does not pay: that was taken from what is available since its release. */
const TryView = Try.extend({
  deducted: Sum,
  approval_id: IdOf('apr').nullable(),
  at: Instant.nullable(),
  reference: z.string().nullable(),
  failure: Try.shape.failure.unwrap().nullable(),
});

export const SettlementView = Settlement.omit({ version: true, accounting_date: true, statement_key: true }).extend({
  statement_url: z.string().nullable(),
  /** By how much it nets to less than nothing: that was taken from what is available, and the next payout is less by it. */
  carried: Sum,
  /** What of that the merchant owes since; below nothing: what this release pays off, and does not pay out. */
  receivable: Sum,
  payout: TryView.nullable(),
});

const tryView = (net: bigint, { approval_id, at, reference, failure, ...shown }: Try): z.output<typeof TryView> => ({
  ...shown,
  deducted: net - shown.amount,
  approval_id: approval_id ?? null,
  at: at ?? null,
  reference: reference ?? null,
  failure: failure ?? null,
});

export const settlementView = (settlement: Settlement, statementUrl: string | null): z.input<typeof SettlementView> => {
  const { net, payout } = settlement;
  return z.encode(SettlementView, {
    ...settlement,
    statement_url: statementUrl,
    carried: net < 0n ? -net : 0n,
    receivable: settlement.receivable ?? 0n,
    payout: payout ? tryView(net, payout) : null,
  });
};

/** Those of these ids that there are, in their order, each with an address at which its statement can be fetched. */
export const shown = async (
  { getMany }: Pick<SettlementStore, 'getMany'>,
  urlOf: (key: string) => Promise<string>,
  ids: readonly string[],
): Promise<z.input<typeof SettlementView>[]> => {
  const found = new Map((await getMany(ids)).map((settlement): [string, Settlement] => [settlement.id, settlement]));
  const present = ids.flatMap((id) => found.get(id) ?? []);
  return Promise.all(
    present.map(async (settlement) => settlementView(settlement, await urlOf(settlement.statement_key))),
  );
};
