import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { statementReader } from '#channels/readers.ts';
import type { PlatformEntry } from '#reconciliation/entry.ts';
import { match } from '#reconciliation/match.ts';

import { bill, yuan, type BillRow } from '../test/channels/wechat/bill.ts';
import { publish, say, type Figure } from './print.ts';

const sizes = [50_000, 200_000];

const numberOf = (at: number) => `BENCH${String(at).padStart(27, '0')}`;
const amountOf = (at: number) => 100n + BigInt((at * 7_919) % 1_000_000);

const rowsOf = (count: number): BillRow[] =>
  Array.from({ length: count }, (_, at) => ({
    kind: 'payment',
    orderNo: numberOf(at),
    tradeNo: `4200${String(at).padStart(24, '0')}`,
    amount: amountOf(at),
    fee: 0n,
    at: '2026-03-02 10:00:00',
  }));

/** Ours of the same day, in another order; every thousandth is not there, and each one after it has another amount. */
const entriesOf = (count: number): PlatformEntry[] =>
  Array.from({ length: count }, (_, at) => (at * 7_919) % count)
    .filter((at) => at % 1_000 !== 0)
    .map((at) => ({
      id: `pay_${String(at).padStart(26, '0')}`,
      kind: 'payment',
      merchantId: 'mch_00000000000000000000000001',
      channelOrderNo: numberOf(at),
      channelTradeNo: `4200${String(at).padStart(24, '0')}`,
      amount: at % 1_000 === 1 ? amountOf(at) + 1n : amountOf(at),
      currency: 'CNY',
      fee: 0n,
      status: 'succeeded',
      at: new Date('2026-03-02T02:00:00Z'),
    }));

const measured = async <Result>(work: () => Result | Promise<Result>) => {
  const before = process.cpuUsage();
  const start = performance.now();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, wall: (performance.now() - start) / 1_000, cpu: (user + system) / 1e6 };
};

/** The tools of every system, over files that are already cut to number and amount: a floor that does much less. */
const sortJoin = (folder: string, count: number): number => {
  const [theirs, ours] = [join(folder, 'theirs'), join(folder, 'ours')];
  writeFileSync(
    theirs,
    rowsOf(count)
      .map(({ orderNo, amount }) => `${orderNo},${yuan(amount)}\n`)
      .join(''),
  );
  writeFileSync(
    ours,
    entriesOf(count)
      .map(({ channelOrderNo, amount }) => `${channelOrderNo},${yuan(amount)}\n`)
      .join(''),
  );
  const start = performance.now();
  const command = `LC_ALL=C; export LC_ALL; sort -t, -k1,1 "${theirs}" > "${theirs}.s" && sort -t, -k1,1 "${ours}" > "${ours}.s" && join -t, -a1 -a2 "${theirs}.s" "${ours}.s" | wc -l`;
  const { status } = spawnSync('sh', ['-c', command]);
  if (status !== 0) throw new Error('sort and join are not here');
  return (performance.now() - start) / 1_000;
};

const oneSize = async (folder: string, count: number): Promise<Figure[]> => {
  const bytes = bill(rowsOf(count));
  const entries = entriesOf(count);
  const parsed = await measured(() => statementReader('wechat')(bytes, 'trade'));
  const matched = await measured(() => match(parsed.result, entries, 'Asia/Shanghai'));
  const only = matched.result.filter(({ result }) => result === 'channel_only').length;
  const other = matched.result.filter(({ result }) => result === 'amount_mismatch').length;
  if (only !== count / 1_000 || other !== count / 1_000)
    throw new Error('the differences are not those that were made');
  const ours = parsed.wall + matched.wall;
  const theirs = sortJoin(folder, count);
  const size = count.toLocaleString('en');
  return [
    { what: `${size} lines: parsed`, value: bytes.length / 1e6 / parsed.cpu, unit: 'MB/CPU-s' },
    { what: `${size} lines: parsed and matched`, value: count / ours, unit: 'lines/s' },
    { what: `${size} lines: sort | join of two columns`, value: count / theirs, unit: 'lines/s' },
    { what: `${size} lines: ours, beside sort | join`, value: theirs / ours, unit: 'times' },
    { what: `${size} lines: memory at its most`, value: process.resourceUsage().maxRSS / 1_024, unit: 'MB' },
  ];
};

/** Our parser and our matching over whole generated bills, with differences that must be found. */
export const reconciliation = async (): Promise<void> => {
  const figures: Figure[] = [];
  for (const count of sizes) {
    say(`  a bill of ${count.toLocaleString('en')} lines …`);
    // A process for each size: its memory is its own.
    const { stdout, stderr, status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), String(count)], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    figures.push(...(JSON.parse(stdout) as Figure[]));
  }
  publish(
    'Reconciliation',
    'WeChat ALL bills made by our own generator, read whole, every rule checked, matched two-sided against entries in another ' +
      'order; every thousandth missing, every thousandth with another amount. sort | join gets two columns that are cut already.',
    figures,
  );
};

const [, , asked] = process.argv;
if (import.meta.filename === process.argv[1] && asked) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-reconciliation-'));
  try {
    process.stdout.write(JSON.stringify(await oneSize(folder, Number(asked))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
