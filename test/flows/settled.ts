import { expect } from 'vitest';

import { plainJson } from './client.ts';
import { eventually, type Machine } from './machine.ts';

// What an answer holds is what each story asserts.
// oxlint-disable-next-line typescript/no-explicit-any
type Resource = any;

/** Files an account for the merchant, and changes its settlement plan; both act after the caches have let go. */
export const filed = async (machine: Machine, account: string, plan: object = {}): Promise<void> => {
  const { admin, operations, risk, stage, advance } = machine;
  const change = async (path: string, over: object) => {
    const { body } = await admin.get(path);
    const { id: _, ...row } = body;
    const { status, body: answer } = await admin.call('PUT', path, { ...row, ...over });
    expect([status, answer.errors]).toEqual([200, undefined]);
  };
  const payout_account = { kind: 'alipay_account', account, name: '某商户' };
  const task = { kind: 'change_payout_account', merchant_id: stage.merchant_id, payout_account };
  const submitted = await operations.post('/admin/v1/approvals', { task });
  // Another story may have filed the same: then there is nothing to change.
  if (submitted.status !== 409)
    expect((await risk.post(`/admin/v1/approvals/${submitted.body.id}/approve`, {})).status).toBe(200);
  await change('/admin/v1/settlement-plans/t_plus_1', plan);
  await advance(31);
};

/** Everything that finance does with a settlement that was released. */
export const payingDesk = (machine: Machine) => {
  const { maker, checker, admin, stage, quiet } = machine;
  const path = '/admin/v1/settlements';
  const standing = async (status: string): Promise<Resource[]> =>
    (await maker.get(`${path}?status=${status}&limit=100`)).body.data;
  const read = async (id: string): Promise<Resource> => (await admin.get(`${path}/${id}`)).body;
  const approve = async (id: string) => {
    // Whoever has submitted it may not approve it, and no other role may.
    expect((await maker.post(`/admin/v1/approvals/${id}/approve`, {})).status).toBe(403);
    expect((await checker.post(`/admin/v1/approvals/${id}/approve`, {})).status).toBe(200);
    await quiet();
  };
  return {
    standing,
    read,
    ask: (id: string, no: number, by = maker) => by.post(`${path}/${id}/pay`, { no }),
    /** Submitted by one, approved by another, and followed to where it ends. */
    async paid(id: string, no: number, status: string): Promise<Resource> {
      const { status: answered, body } = await maker.post(`${path}/${id}/pay`, { no });
      expect([answered, body.status, body.payout?.status]).toEqual([201, 'paying', 'pending_approval']);
      await approve(body.payout.approval_id);
      return eventually(`${id} to be ${status}`, async () => {
        const settlement = await read(id);
        return settlement.payout.status === status && settlement;
      });
    },
    /** What the bank says of a transfer that was made there. */
    async confirmed(payoutId: string, said: object) {
      const task = { kind: 'confirm_payout', payout_id: payoutId, at: machine.now().toISOString(), ...said };
      const { status, body } = await maker.post('/admin/v1/approvals', { task });
      expect([status, body.code]).toEqual([201, undefined]);
      await approve(body.id);
    },
    bounce: async (no: string) =>
      expect((await plainJson('POST', new URL(`/payees/alipay/${no}/bounce`, stage.sandbox))).status).toBe(200),
    statementOf: async (settlement: Resource): Promise<string> => (await fetch(settlement.statement_url)).text(),
  };
};

/** A bank account of the company's, from which finance transfers. */
export const bankAccount = async ({ admin, stage }: Machine): Promise<string> => {
  const names = { date: 'date', credit: 'in', debit: 'out', reference: 'no', balance: 'balance' };
  const columns = { ...names, text: ['text'], payer_name: 'payer', payer_account: 'from' };
  const { status, body } = await admin.post('/admin/v1/channel-accounts', {
    channel: 'bank',
    name: 'Our bank',
    ownership: 'shared',
    status: 'enabled',
    methods: ['bank_transfer'],
    cost: { rate_ppm: 0 },
    settings: {
      account: '6222000000000009',
      account_name: '算盘科技',
      bank_name: '工商银行',
      held_by: stage.merchant_id,
      statement: { format: 'csv', columns },
    },
  });
  expect([status, body.errors]).toEqual([201, undefined]);
  return body.id;
};
