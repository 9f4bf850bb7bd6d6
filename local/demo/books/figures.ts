import { yuan } from './arithmetic.ts';

/** One figure of the day: what our own arithmetic says, and what the platform says. */
export interface Figure {
  readonly section: string;
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
export const asWrong = ({ name, expected, actual }: Figure): string =>
  `${name}: expected ${expected}, actual ${actual}`;

export class Figures {
  readonly #figures: Figure[] = [];

  /** The figures of one section; each is compared as it is shown. */
  section(section: string): (name: string, expected: Value, actual: Value) => void {
    return (name, expected, actual) => {
      this.#figures.push({ section, name, expected: shownAs(expected), actual: shownAs(actual) });
    };
  }

  all(): readonly Figure[] {
    return this.#figures;
  }

  wrong(): readonly string[] {
    return this.#figures.filter((figure) => !isRight(figure)).map(asWrong);
  }
}

const widest = (texts: readonly string[]): number => Math.max(...texts.map((text) => text.length));

/** Expected and actual side by side, a mark for each line. Plain text: it reads the same in a pipe. */
export const tableOf = (figures: readonly Figure[]): readonly string[] => {
  const head = { section: '', name: '', expected: 'expected', actual: 'actual' };
  const all = [head, ...figures];
  const [name, expected, actual] = [
    widest(all.map((figure) => figure.name)),
    widest(all.map((figure) => figure.expected)),
    widest(all.map((figure) => figure.actual)),
  ];
  const line = (figure: Figure, mark: string) =>
    `    ${figure.name.padEnd(name)}  ${figure.expected.padStart(expected)}  ${figure.actual.padStart(actual)}  ${mark}`.trimEnd();
  const sections = Map.groupBy(figures, ({ section }) => section);
  return [
    line(head, ''),
    ...[...sections].flatMap(([section, ofIt]) => [
      `  ${section}`,
      ...ofIt.map((figure) => line(figure, isRight(figure) ? '✓' : '✗ wrong')),
    ]),
  ];
};
