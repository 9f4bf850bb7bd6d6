import { createHash } from 'node:crypto';
import * as z from 'zod';

import { chargeOn, sum, yuan } from '../books/arithmetic.ts';
import { bankTable } from '../books/bank-table.ts';
import { shanghaiDate } from '../clock.ts';
import { terms, transferCast } from '../terms.ts';
import { Stopped, until } from '../wait.ts';
import { Approval, list, Payment, TrialBalance } from '../wire/answers.ts';
import { expecting, problemOf, send, shown } from '../wire/http.ts';
import { scene, type World } from '../world.ts';
import { balanceOf } from './accounts.ts';
import { bodyOf, paymentNow, told } from './orders.ts';

const { asked, parts } = transferCast;
const surplus = sum(parts) - asked;

const Fen = z.int().transform(BigInt);
const Remitted = Payment.extend({ attempts: z.tuple([z.object({ action: z.object({ reference: z.string() }) })]) });
const Import = z.object({
  id: z.string(),
  status: z.string(),
  added: z.int().nullable(),
  upload: z.object({ method: z.string(), url: z.url(), headers: z.record(z.string(), z.string()) }).optional(),
});
const Receipt = z.object({ id: z.string(), match: z.string(), payment_id: z.string().nullable(), amount: Fen });
type Receipt = z.infer<typeof Receipt>;

/** As finance would with what the bank offers: announced, sent to the address that is answered, read when it has come. */
const importTable = async ({ finance, stage }: World, date: string, table: string): Promise<z.infer<typeof Import>> => {
  const bytes = Buffer.from(table);
  const said = {
    channel_account_id: stage.channel_accounts.bank,
    bill_date: date,
    name: 'statement.csv',
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
  const { id, upload } = expecting(await finance.post('/admin/v1/bank-statements', said), [201], Import);
  if (!upload) throw new Stopped('the platform did not say where the statement is sent');
  const { 'content-length': _, ...headers } = upload.headers;
  const sent = await send({ method: upload.method, url: new URL(upload.url), headers, body: table });
  if (sent.status !== 200) throw new Stopped(`the statement was not taken: ${sent.status}`);
  return until('the statement of the bank to be read', 20, async () => {
    const found = expecting(await finance.get(`/admin/v1/bank-statements/${id}`), [200], Import);
    return found.status === 'awaited' ? undefined : found;
  });
};

const receiptsOf = async ({ finance }: World, paymentId: string): Promise<readonly Receipt[]> => {
  const { data } = expecting(await finance.get('/admin/v1/bank-receipts?limit=100'), [200], list(Receipt));
  return data.filter(({ payment_id }) => payment_id === paymentId);
};

/** 线下转账: the payer is shown an account and a reference. Banks take their time: the transfers come at the end of the day. */
export const askForTransfer = async (world: World): Promise<z.infer<typeof Remitted>> => {
  const { say, app } = world;
  scene(world, 'a company wants to pay by bank transfer');
  const body = bodyOf(world, { name: 'transfer', amount: asked, subject: 'Tea for a year' });
  const placed = expecting(await app.post('/v1/payments', { ...body, method: 'bank_transfer' }), [201], Remitted);
  const { reference } = placed.attempts[0].action;
  say(`  ${yuan(asked)} is asked for. The payer is shown an account and the reference ${reference}.`);
  return placed;
};

/** It pays by two transfers with that reference; what they are more than was asked for stays in suspense. */
export const payByTransfer = async (world: World, placed: z.infer<typeof Remitted>): Promise<void> => {
  const { say, finance, checker, figures, clock, admin } = world;
  scene(world, 'the transfers of the company');
  const { reference } = placed.attempts[0].action;
  const held = await balanceOf(world, 'suspense');
  const pending = await balanceOf(world, 'merchant_pending');
  const date = shanghaiDate(clock.now());
  const lines = parts.map((amount, no) => ({ date, amount, reference: `DEMO${no}`, text: `Tea ${reference}` }));
  const read = await importTable(world, date, bankTable(100_000n, lines));
  const receipts = await receiptsOf(world, placed.id);
  const inSuspense = (await balanceOf(world, 'suspense')) - held;
  say(
    `  The bank's statement shows ${receipts.length} transfers for it, ${yuan(inSuspense)}: in suspense until two people say whose they are.`,
  );
  const task = { kind: 'combine', payment_id: placed.id, receipt_ids: receipts.map(({ id }) => id) };
  const { id } = expecting(await finance.post('/admin/v1/approvals', { task }), [201], Approval);
  const alone = await finance.post(`/admin/v1/approvals/${id}/approve`);
  say(`  One of finance says so, and may not approve it too → ${shown(alone)}`);
  expecting(await checker.post(`/admin/v1/approvals/${id}/approve`), [200], Approval);
  await told(world, 'payment.paid', [placed.id]);
  const paid = await paymentNow(world, placed);
  const net = asked - chargeOn(asked, terms.feePpm);
  const earned = await until('the transfer in the books', 20, async () => {
    const now = (await balanceOf(world, 'merchant_pending')) - pending;
    return now === 0n ? undefined : now;
  });
  say(`  Another one approves it: ${paid.status}. The surplus of ${yuan(surplus)} stays in suspense, to be sent back.`);
  const trial = expecting(await admin.get('/admin/v1/ledger/trial-balance'), [200], TrialBalance);
  const figure = figures.section('a payment by two bank transfers, confirmed by two people');
  figure('transfer: statement read', `accepted ${parts.length}`, `${read.status} ${read.added ?? 0}`);
  figure('transfer: each of them is', 'partial partial', receipts.map(({ match }) => match).join(' '));
  figure('transfer: in suspense', sum(parts), inSuspense);
  figure('transfer: approved by who said so', 'role_required', problemOf(alone).code);
  figure('transfer: payment', 'paid', paid.status);
  figure('transfer: fee', chargeOn(asked, terms.feePpm), paid.fee);
  figure('transfer: earned by the merchant', net, earned);
  figure('transfer: surplus in suspense', surplus, (await balanceOf(world, 'suspense')) - held);
  figure('transfer: trial balance, difference', 0n, trial.difference);
};
