import { beijingTime } from '../../beijing.ts';
import type { Movement } from '../fund/account.ts';
import { price } from '../trade/views.ts';
import { sheet, tabbed } from './sheet.ts';

const COLUMNS =
  '账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注'.split(
    ',',
  );
const SUMMARY = '类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）'.split(',');

const row = ({ id, at, type, amount, trade_no, out_no, name, party, remark, balance }: Movement): string =>
  [
    tabbed(`314${String(id).padStart(12, '0')}`),
    tabbed(trade_no),
    tabbed(out_no),
    tabbed(name),
    beijingTime(at),
    tabbed(party),
    price(Math.max(amount, 0)),
    price(Math.min(amount, 0)),
    price(balance),
    '支付宝',
    type,
    remark,
  ].join(',');

const totalOf = (movements: readonly Movement[]) => ({
  count: String(movements.length),
  amount: price(movements.reduce((sum, { amount }) => sum + amount, 0)),
});

interface Day {
  readonly account: string;
  readonly date: string;
}

const parted = (movements: readonly Movement[]) => ({
  income: totalOf(movements.filter(({ amount }) => amount > 0)),
  expense: totalOf(movements.filter(({ amount }) => amount < 0)),
});

/** 账务明细: every movement of the day, with what was left after it. */
export const fundDetail = (movements: readonly Movement[], day: Day): string => {
  const { income, expense } = parted(movements);
  return sheet({
    ...day,
    title: '账务明细',
    columns: COLUMNS,
    rows: movements.map(row),
    totals: [
      `#支出合计：${expense.count}笔，共${expense.amount}元`,
      `#收入合计：${income.count}笔，共${income.amount}元`,
    ],
  });
};

/** 账务汇总: the same day in one line. */
export const fundSummary = (movements: readonly Movement[], day: Day): string => {
  const { income, expense } = parted(movements);
  const cells = ['合计', income.count, income.amount, expense.count, expense.amount, totalOf(movements).amount];
  return sheet({ ...day, title: '账务汇总', columns: SUMMARY, rows: [cells.join(',')], totals: [] });
};
