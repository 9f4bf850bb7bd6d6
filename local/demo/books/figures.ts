import { yuan } from './arithmetic.ts';

/** The sections of the closing table, in the order in which a reader wants them. */
export const sections = [
  'payments',
  'refunds',
  'bad luck',
  'answers that must be as agreed',
  'webhooks, each event once by its webhook-id',
  'reconciliation, version 1: the bill with three faults',
  'reconciliation, version 2: the true bill',
  'reconciliation of Alipay: the bill the platform fetched',
  'reconciliation of UnionPay: the bill the platform fetched',
  'settlement',
  'settlement of Alipay',
  'settlement of UnionPay',
  'balances of the merchant',
  'trial balance of the whole ledger',
  'a user with a balance, and what it changed for the merchant',
  'late money, given back by two people',
  'the settlement, paid to the merchant by two people',
  'a payment by two bank transfers, confirmed by two people',
  'payouts, of which one comes back',
] as const;
type Section = (typeof sections)[number];

/** One figure of the day: what our own arithmetic says, and what the platform says. */
export interface Figure {
  readonly section: Section;
  readonly name: string;
  readonly expected: string;
  readonly actual: string;
}

type Value = bigint | number | string | null | undefined;

/** Money is bigint and shown as yuan; counts are numbers; nothing at all is said as such. */
const shownAs = (value: Value): string => {
  if (value === null || value === undefined) return 'none';
  return typeof value === 'bigint' ? yuan(value) : String(value);
};

export const isRight = ({ expected, actual }: Figure): boolean => expected === actual;

/** `fee income: expected ¥1,234.56, actual ¥1,236.02` */
const asWrong = ({ name, expected, actual }: Figure): string => `${name}: expected ${expected}, actual ${actual}`;

/** Writes down one figure. */
export type Compare = (name: string, expected: Value, actual: Value) => void;

/** The same, for figures that another channel has too. */
export const prefixed =
  (prefix: string, compare: Compare): Compare =>
  (name, expected, actual) =>
    compare(`${prefix}${name}`, expected, actual);

export class Figures {
  readonly #figures = new Map<string, Figure>();

  /** For the figures of one section; each name stands for one figure of the day, so that it can be named alone. */
  section(section: Section): Compare {
    return (name, expected, actual) => {
      if (this.#figures.has(name)) throw new Error(`two figures are called ${name}`);
      this.#figures.set(name, { section, name, expected: shownAs(expected), actual: shownAs(actual) });
    };
  }

  all(): readonly Figure[] {
    const all = [...this.#figures.values()];
    return sections.flatMap((section) => all.filter((figure) => figure.section === section));
  }

  wrong(): readonly string[] {
    return this.all()
      .filter((figure) => !isRight(figure))
      .map(asWrong);
  }
}

const NAME_WIDTH = 35;
const VALUE_WIDTH = 30;

/** What is too long for the table keeps its end, where the amounts are; it is compared and named in full. */
const cell = (text: string): string =>
  (text.length > VALUE_WIDTH ? `…${text.slice(1 - VALUE_WIDTH)}` : text).padStart(VALUE_WIDTH);

const lineOf = (name: string, expected: string, actual: string, mark: string): string =>
  `    ${name.padEnd(NAME_WIDTH)}${cell(expected)}  ${cell(actual)}  ${mark}`.trimEnd();

/** Expected and actual side by side, a mark for each line. Plain text: it reads the same in a pipe. */
export const tableOf = (figures: readonly Figure[]): readonly string[] => {
  const bySection = Map.groupBy(figures, ({ section }) => section);
  return [
    lineOf('', 'expected', 'actual', ''),
    ...sections.flatMap((section) => [
      `  ${section}`,
      ...(bySection.get(section) ?? []).map((figure) =>
        lineOf(figure.name, figure.expected, figure.actual, isRight(figure) ? '✓' : '✗ wrong'),
      ),
    ]),
  ];
};
