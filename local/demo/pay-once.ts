import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { yuan } from './books/arithmetic.ts';
import { Stage } from './stage.ts';
import { terms } from './terms.ts';
import { Stopped, until } from './wait.ts';
import { Payment } from './wire/answers.ts';
import { appClient } from './wire/clients.ts';
import { expecting, send } from './wire/http.ts';
import { rawRequest } from './wire/raw-request.ts';
import { sandboxControl } from './wire/sandbox.ts';
import { signed } from './wire/signing.ts';

const say = (line = '') => console.log(line);

const usage = `npm run pay [-- fen]: places one payment at the running platform, pays it, and shows the signed request.`;

const readStage = async (): Promise<Stage> => {
  const text = await readFile('.local/demo.json', 'utf8').catch(() => {
    throw new Stopped('there is no .local/demo.json: start the platform first, with npm start');
  });
  return Stage.parse(JSON.parse(text));
};

const amountOf = (text: string): number => {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new Stopped(`${text} is not an amount in fen; 8800 is ¥88.00\n${usage}`);
};

const place = async (stage: Stage, amount: number, created: Date): Promise<Payment> => {
  const url = new URL('/v1/payments', stage.api);
  const body = JSON.stringify({
    merchant_id: stage.merchant_id,
    merchant_order_id: `try-${created.getTime()}`,
    amount,
    currency: terms.currency,
    subject: 'A first payment',
    method: 'wechat_native',
  });
  const request = { method: 'POST', url, body, created };
  const signature = signed(request, stage.app);
  say('The request, signed by RFC 9421 with the key of the demo app (repeat it within 300 s: the answer is the same):');
  say();
  for (const line of rawRequest(request, signature)) say(line);
  return expecting(await send({ method: 'POST', url, headers: signature.headers, body }), [201], Payment);
};

const payOnce = async (amount: number): Promise<void> => {
  const stage = await readStage();
  const sandbox = sandboxControl(stage.sandbox);
  const offset = (await sandbox.now()).getTime() - Date.now();
  const now = () => new Date(Date.now() + offset);
  const placed = await place(stage, amount, now());
  const [attempt] = placed.attempts;
  say(`201: payment ${placed.id} is ${placed.status}`);
  say(`  The payer's QR code  ${attempt?.action?.content ?? 'none'}`);
  const tradeNo = await sandbox.pay(attempt?.channel_order_no ?? '');
  say(`  Paid at the sandbox  WeChat's trade ${tradeNo}`);
  const app = appClient(stage.api, stage.app, now);
  const paid = await until(`payment ${placed.id} to be paid`, 45, async () => {
    const payment = expecting(await app.get(`/v1/payments/${placed.id}`), [200], Payment);
    return payment.status === 'paid' ? payment : undefined;
  });
  say(`  ${yuan(paid.amount)} is ${paid.status} since ${paid.paid_at}, the merchant's fee is ${yuan(paid.fee ?? 0n)}.`);
};

const { positionals } = parseArgs({ allowPositionals: true });
try {
  await payOnce(amountOf(positionals[0] ?? '8800'));
} catch (error) {
  if (!(error instanceof Stopped)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
