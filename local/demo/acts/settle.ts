import { exactly } from '../books/bill.ts';
import { sum, yuan } from '../books/arithmetic.ts';
import { expectedOf } from '../books/expected.ts';
import { prefixed, type Compare } from '../books/figures.ts';
import { nextInShanghai } from '../clock.ts';
import { seek } from '../wait.ts';
import { list, Settlement } from '../wire/answers.ts';
import { expecting, send, shown } from '../wire/http.ts';
import { channelNames, type Channel } from '../stage.ts';
import { scene, type World } from '../world.ts';

const RELEASE_SECONDS = 10;

interface Statement {
  readonly lines: number;
  readonly net: bigint;
  readonly total: bigint;
}

/** 结算单: names of columns, a line for each payment, a line that begins with `total`; in fen. */
export const readStatement = (text: string): Statement => {
  const [header = [], ...rows] = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  const at = header.indexOf('net');
  const netOf = (row: readonly string[] | undefined) => exactly(row?.[at] ?? '0', 0);
  const items = rows.filter(([first]) => first !== 'total');
  return { lines: items.length, net: sum(items.map(netOf)), total: netOf(rows.find(([first]) => first === 'total')) };
};

const fetchStatement = async ({ say }: World, settlement: Settlement): Promise<Statement | undefined> => {
  if (settlement.statement_url === null) return undefined;
  const answer = await send({ method: 'GET', url: new URL(settlement.statement_url) });
  if (answer.status !== 200) {
    say(`  The settlement statement could not be fetched → ${shown(answer)}`);
    return undefined;
  }
  const statement = readStatement(answer.text);
  say(`  The settlement statement lists ${statement.lines} payments and adds up to ${yuan(statement.net)}.`);
  return statement;
};

const tell = ({ say }: World, settlement: Settlement | undefined): void => {
  if (settlement === undefined) {
    say('  Nothing was released.');
    return;
  }
  const { status, net, payments, refunds, fees, withheld } = settlement;
  say(`  ${settlement.id} is ${status}: ${yuan(net)} can now be drawn by the merchant.`);
  say(
    `    ${payments.count} payments ${yuan(payments.amount)} − ${refunds.count} refunds ${yuan(refunds.amount)}` +
      ` − fees ${yuan(fees.amount)}; ${withheld.length} withheld`,
  );
};

export const released = ({ app, stage }: World, channel: Channel, date: string): Promise<Settlement | undefined> =>
  seek(RELEASE_SECONDS, async () =>
    expecting(await app.get('/v1/settlements'), [200], list(Settlement)).data.find(
      (settlement) =>
        settlement.merchant_id === stage.merchant_id &&
        settlement.channel_account_id === stage.channel_accounts[channel] &&
        settlement.business_date === date,
    ),
  );

const settleAt = async (world: World, channel: Channel, date: string): Promise<void> => {
  const settlement = await released(world, channel, date);
  tell(world, settlement);
  const statement = settlement && (await fetchStatement(world, settlement));
  const expected = expectedOf(world.notebook.ordersAt(channel)).settlement;
  const figure = figuresOf(world, channel);
  figure('settled payments, count', expected.payments.count, settlement?.payments.count);
  figure('settled payments, amount', expected.payments.amount, settlement?.payments.amount);
  figure('settled refunds, count', expected.refunds.count, settlement?.refunds.count);
  figure('settled refunds, amount', expected.refunds.amount, settlement?.refunds.amount);
  figure('settled fees', expected.fees, settlement?.fees.amount);
  figure('settlement net', expected.net, settlement?.net);
  figure('withheld', 0, settlement?.withheld.length);
  figure('statement, lines', expected.payments.count, statement?.lines);
  figure('statement, sum of its lines', expected.net, statement?.net);
  figure('statement, its total', expected.net, statement?.total);
};

const figuresOf = ({ figures }: World, channel: Channel): Compare =>
  channel === 'wechat'
    ? figures.section('settlement')
    : prefixed(`${channelNames[channel]}: `, figures.section(`settlement of ${channelNames[channel]}`));

/** 14:00: what is reconciled is released by the merchant's T+1 plan, for each channel by itself. */
export const settle = async (world: World, date: string): Promise<void> => {
  const { clock } = world;
  await clock.moveTo(new Date(nextInShanghai(clock.now(), '14:00').getTime() + 5_000));
  scene(world, 'the merchant gets its money');
  await settleAt(world, 'wechat', date);
  await settleAt(world, 'alipay', date);
  await settleAt(world, 'unionpay', date);
};
