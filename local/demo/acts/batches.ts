import { yuan } from '../books/arithmetic.ts';
import type { Expected } from '../books/expected.ts';
import type { Compare } from '../books/figures.ts';
import type { Channel } from '../stage.ts';
import { until } from '../wait.ts';
import { Batch, Difference, list, Record } from '../wire/answers.ts';
import { expecting } from '../wire/http.ts';
import { uploadStatement } from '../wire/statements.ts';
import type { World } from '../world.ts';

const BATCH_SECONDS = 30;

export const batchesOf = async (
  { finance, stage }: World,
  channel: Channel,
  date: string,
): Promise<readonly Batch[]> => {
  const query = new URLSearchParams({
    channel_account_id: stage.channel_accounts[channel],
    bill_date: date,
    kind: 'trade',
    limit: '100',
  });
  return expecting(await finance.get(`/admin/v1/reconciliation/batches?${query.toString()}`), [200], list(Batch)).data;
};

const isOver = (batch: Batch | undefined): batch is Batch =>
  batch?.status === 'completed' || batch?.status === 'abnormal';

/** The first batch of a day, which nobody started: the platform has fetched the bill by its own schedule. */
export const fetched = (world: World, channel: Channel, date: string): Promise<Batch> =>
  until(`the batch of ${channel} to finish`, BATCH_SECONDS, async () => {
    const [found] = await batchesOf(world, channel, date);
    return isOver(found) ? found : undefined;
  });

/** Uploads a bill and waits for the batch that its arrival starts. */
export const reconcile = async (
  world: World,
  bill: { readonly date: string; readonly name: string; readonly bytes: Buffer },
): Promise<Batch> => {
  const sha256 = await uploadStatement(world.stage, bill);
  const batch = await until(`the batch of ${bill.name} to finish`, BATCH_SECONDS, async () => {
    const found = (await batchesOf(world, 'wechat', bill.date)).find(({ object_sha256 }) => object_sha256 === sha256);
    return isOver(found) ? found : undefined;
  });
  const error = batch.error === null ? '' : ` at line ${batch.error.line}: ${batch.error.reason}`;
  world.say(`  ${bill.name} → version ${batch.version}: ${batch.status}, verdict ${batch.verdict ?? 'none'}${error}`);
  return batch;
};

/** Both sides of a batch that must agree, to the fen. */
export const compareSides = (figure: Compare, { bill }: Expected, { statistics }: Batch): void => {
  for (const side of ['platform', 'channel'] as const) {
    const said = statistics?.[side];
    const whose = side === 'platform' ? 'in our books' : 'on the bill';
    figure(`payments ${whose}, count`, bill.payments.count, said?.payments.count);
    figure(`payments ${whose}, amount`, bill.payments.amount, said?.payments.amount);
    figure(`refunds ${whose}, count`, bill.refunds.count, said?.refunds.count);
    figure(`refunds ${whose}, amount`, bill.refunds.amount, said?.refunds.amount);
    figure(`channel fees ${whose}`, bill.cost, said?.fees.amount);
    figure(`net ${whose}`, bill.net, statistics?.bridge[side]);
  }
  figure('residual', 0n, statistics?.bridge.residual);
};

/** What there may be to explain: every result in which the sides do not simply agree. */
const differing = [
  'platform_only',
  'channel_only',
  'amount_mismatch',
  'status_mismatch',
  'fee_mismatch',
  'duplicate_channel_line',
];

export const differingRecords = async ({ finance }: World, { id }: Batch): Promise<readonly Record[]> => {
  const answers = await Promise.all(
    differing.map((result) => finance.get(`/admin/v1/reconciliation/batches/${id}/records?result=${result}&limit=100`)),
  );
  return answers.flatMap((answer) => expecting(answer, [200], list(Record)).data);
};

export const differences = async ({ finance }: World, status: string): Promise<readonly string[]> => {
  const answer = await finance.get(`/admin/v1/differences?status=${status}&limit=100`);
  return expecting(answer, [200], list(Difference)).data.map(({ id }) => id);
};

const sideOf = (amount: bigint | undefined): string => (amount === undefined ? 'nothing' : yuan(amount));

/** Both sides of one thing, in one form for what is expected and for what is found. */
export const bothSides = (orderNo: string, platform: bigint | undefined, channel: bigint | undefined): string =>
  `${orderNo}: we ${sideOf(platform)}, they ${sideOf(channel)}`;

export const asFound = ({ platform, channel }: Record): string =>
  bothSides((platform ?? channel)?.channel_order_no ?? 'no number', platform?.amount, channel?.amount);
