import { chargeOn, yuan } from '../books/arithmetic.ts';
import { falsified, readBill, writeBill, type Bill } from '../books/bill.ts';
import { driftOfFalseBill, expectedOf } from '../books/expected.ts';
import { nextInShanghai, shanghaiDate } from '../clock.ts';
import { falsehoods, terms } from '../terms.ts';
import { Stopped } from '../wait.ts';
import type { Batch, Record } from '../wire/answers.ts';
import { scene, type World } from '../world.ts';
import { asFound, batchesOf, bothSides, compareSides, differences, differingRecords, reconcile } from './batches.ts';
import { channelOrderNoOf } from './orders.ts';

/** The number by which both sides know a payment that we know by its amount. */
const orderNoOver = ({ placed }: World, amount: bigint): string => {
  const payment = [...placed.values()].find((one) => one.amount === amount);
  if (payment === undefined) throw new Stopped(`no payment of the day is over ${yuan(amount)}`);
  return channelOrderNoOf(payment);
};

const falseBill = (world: World, bill: Bill): Buffer => {
  const { missing, changed, extra } = falsehoods;
  return writeBill(
    falsified(bill, {
      missing: orderNoOver(world, missing),
      changed: { orderNo: orderNoOver(world, changed.from), to: changed.to },
      extra: { ...extra, fee: chargeOn(extra.amount, terms.costPpm) },
    }),
  );
};

const saidOf = (records: readonly Record[], result: string): string => {
  const found = records.filter((record) => record.result === result);
  return found.length === 0 ? 'none' : found.map(asFound).join('; ');
};

/** Both sides of each of the three faults, as we made them and as the platform found them. */
const compareFaults = (world: World, records: readonly Record[]): void => {
  const figure = world.figures.section('reconciliation, version 1: the bill with three faults');
  const { missing, changed, extra } = falsehoods;
  const left = bothSides(orderNoOver(world, missing), missing, undefined);
  const altered = bothSides(orderNoOver(world, changed.from), changed.from, changed.to);
  figure('platform_only', left, saidOf(records, 'platform_only'));
  figure('channel_only', bothSides(extra.orderNo, undefined, extra.amount), saidOf(records, 'channel_only'));
  figure('amount_mismatch', altered, saidOf(records, 'amount_mismatch'));
  figure('records that differ', falsehoodCount, records.length);
};

const falsehoodCount = Object.keys(falsehoods).length;

const compareFalse = (world: World, { version, verdict, statistics }: Batch, open: readonly string[]): void => {
  const { net } = expectedOf(world.notebook.ordersAt('wechat')).bill;
  const figure = world.figures.section('reconciliation, version 1: the bill with three faults');
  figure('first verdict', 'version 1 breaks', `version ${version} ${verdict}`);
  figure('net in our books, version 1', net, statistics?.bridge.platform);
  figure('net on the false bill', net + driftOfFalseBill(), statistics?.bridge.channel);
  figure('explained by differences', driftOfFalseBill(), statistics?.bridge.explained);
  figure('differences opened', falsehoodCount, open.length);
};

const compareTrue = (world: World, batch: Batch): void => {
  const figure = world.figures.section('reconciliation, version 2: the true bill');
  figure('second verdict', 'version 2 reconciled', `version ${batch.version} ${batch.verdict}`);
  compareSides(figure, expectedOf(world.notebook.ordersAt('wechat')), batch);
};

const show = ({ say }: World, records: readonly Record[]): void => {
  for (const record of records) {
    const line = record.channel === null ? '' : ` (line ${record.channel.line} of the bill)`;
    say(`    ${record.result.padEnd(16)} ${asFound(record)}${line}`);
  }
};

const falseVersion = async (
  world: World,
  { date, bytes, waiting }: { date: string; bytes: Buffer; waiting: readonly string[] },
): Promise<readonly string[]> => {
  const bill = readBill(bytes);
  world.say(`  WeChat offers its bill of ${date}: ${bill.rows.length} lines.`);
  world.say('  First it goes to S3 with one payment missing, one invented and one amount changed; its totals agree.');
  const batch = await reconcile(world, { date, name: 'three-faults.csv', bytes: falseBill(world, bill) });
  const records = await differingRecords(world, batch);
  show(world, records);
  // Money that came too late is a difference from the moment it came: it waits for a person, whatever the bill says.
  const open = (await differences(world, 'open')).filter((id) => !waiting.includes(id));
  compareFaults(world, records);
  compareFalse(world, batch, open);
  return open;
};

/** 08:00 of the next day: a false bill is seen through, the true one closes the day. */
export const reconcileDay = async (world: World): Promise<string> => {
  const { say, clock, sandbox, figures } = world;
  const date = shanghaiDate(clock.now());
  await clock.moveTo(nextInShanghai(clock.now(), '08:00'));
  scene(world, 'the next morning, the bill arrives');
  const bytes = await sandbox.bill(date);
  const waiting = await differences(world, 'open');
  const opened = await falseVersion(world, { date, bytes, waiting });
  say('  Then it goes to S3 as WeChat wrote it.');
  const batch = await reconcile(world, { date, name: 'as-offered.csv', bytes });
  show(world, await differingRecords(world, batch));
  const [open, resolved] = await Promise.all([differences(world, 'open'), differences(world, 'resolved')]);
  say(
    `  Of ${opened.length} differences ${resolved.length} are resolved; ${open.length} still wait for a person: late money.`,
  );
  compareTrue(world, batch);
  const figure = figures.section('reconciliation, version 2: the true bill');
  figure('late money that waits for a person', expectedOf(world.notebook.orders()).late.count, waiting.length);
  figure('differences of the bill still open', 0, open.filter((id) => !waiting.includes(id)).length);
  figure('differences resolved', falsehoodCount, resolved.filter((id) => opened.includes(id)).length);
  figure('versions of the day', 2, (await batchesOf(world, 'wechat', date)).length);
  return date;
};
