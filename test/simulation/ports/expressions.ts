/* The expressions of DynamoDB, as far as the platform speaks them. What is not understood throws. */

export type Row = Record<string, unknown>;
interface Bound {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, unknown>>;
}
type Condition = (row: Row, bound: Bound) => boolean;

const tokens = /\s*(<>|<=|>=|[=<>(),]|[#:]?[A-Za-z_][\w]*)/gy;

const scan = (text: string): string[] => {
  const found: string[] = [];
  tokens.lastIndex = 0;
  while (tokens.lastIndex < text.trimEnd().length) {
    const match = tokens.exec(text);
    if (!match?.[1]) throw new Error(`not understood: ${text}`);
    found.push(match[1]);
  }
  return found;
};

type Operand = (row: Row, bound: Bound) => unknown;

const compare = (operator: string, a: unknown, b: unknown): boolean => {
  if (operator === '=') return a !== undefined && a === b;
  if (operator === '<>') return a !== b;
  // Another type, or nothing at all, is neither greater nor less.
  if (typeof a !== typeof b || (typeof a !== 'string' && typeof a !== 'number')) return false;
  const [x, y] = [a as number, b as number];
  if (operator === '<') return x < y;
  if (operator === '<=') return x <= y;
  return operator === '>' ? x > y : x >= y;
};

class Parser {
  readonly #tokens: string[];
  #at = 0;
  constructor(text: string) {
    this.#tokens = scan(text);
  }
  #next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new Error('an expression ends too early');
    this.#at += 1;
    return token;
  }
  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }
  #must(token: string): void {
    if (!this.#take(token)) throw new Error(`${token} is missing`);
  }
  #operand(): Operand {
    const token = this.#next();
    if (token.startsWith(':'))
      return (_, { values }) => {
        if (!(token in values)) throw new Error(`${token} has no value`);
        return values[token];
      };
    return token.startsWith('#') ? (row, { names }) => row[names[token] ?? ''] : (row) => row[token];
  }
  #leaf(): Condition {
    if (this.#take('NOT')) {
      const inner = this.#leaf();
      return (row, bound) => !inner(row, bound);
    }
    if (this.#take('(')) {
      const inner = this.or();
      this.#must(')');
      return inner;
    }
    for (const [name, wanted] of [
      ['attribute_not_exists', false],
      ['attribute_exists', true],
    ] as const)
      if (this.#take(name)) {
        this.#must('(');
        const of = this.#operand();
        this.#must(')');
        return (row, bound) => (of(row, bound) !== undefined) === wanted;
      }
    if (this.#take('begins_with')) {
      this.#must('(');
      const of = this.#operand();
      this.#must(',');
      const start = this.#operand();
      this.#must(')');
      return (row, bound) => String(of(row, bound)).startsWith(String(start(row, bound)));
    }
    const left = this.#operand();
    const operator = this.#next();
    if (operator === 'IN') {
      this.#must('(');
      const all = [this.#operand()];
      while (this.#take(',')) all.push(this.#operand());
      this.#must(')');
      return (row, bound) => all.some((each) => compare('=', left(row, bound), each(row, bound)));
    }
    const right = this.#operand();
    return (row, bound) => compare(operator, left(row, bound), right(row, bound));
  }
  #and(): Condition {
    let left = this.#leaf();
    while (this.#take('AND')) {
      const [a, b] = [left, this.#leaf()];
      left = (row, bound) => a(row, bound) && b(row, bound);
    }
    return left;
  }
  or(): Condition {
    let left = this.#and();
    while (this.#take('OR')) {
      const [a, b] = [left, this.#and()];
      left = (row, bound) => a(row, bound) || b(row, bound);
    }
    return left;
  }
  whole(): Condition {
    const condition = this.or();
    if (this.#at !== this.#tokens.length) throw new Error('an expression goes on');
    return condition;
  }
}

const conditions = new Map<string, Condition>();

export const holds = (text: string | undefined, row: Row | undefined, bound: Bound): boolean => {
  if (text === undefined) return true;
  let condition = conditions.get(text);
  if (!condition) {
    condition = new Parser(text).whole();
    conditions.set(text, condition);
  }
  return condition(row ?? {}, bound);
};

interface Clause {
  readonly verb: string;
  readonly name: string;
  readonly value: string | undefined;
}
const updates = new Map<string, Clause[]>();

const clausesOf = (text: string): Clause[] => {
  const known = updates.get(text);
  if (known) return known;
  const found: Clause[] = [];
  let verb = '';
  let words: string[] = [];
  const end = () => {
    const [name, ...rest] = words.filter((word) => word !== '=');
    if (name) found.push({ verb, name, value: rest[0] });
    if (rest.length > 1) throw new Error(`not understood: ${text}`);
    words = [];
  };
  for (const token of scan(text))
    if (/^(SET|ADD|REMOVE|DELETE)$/.test(token)) {
      end();
      verb = token;
    } else if (token === ',') end();
    else words.push(token);
  end();
  updates.set(text, found);
  return found;
};

const added = (before: unknown, by: unknown): unknown => {
  if (by instanceof Set) return new Set([...(before instanceof Set ? before : []), ...by]);
  return Number(before ?? 0) + Number(by);
};

/** The row after an update. */
export const updated = (row: Row, text: string, { names, values }: Bound): Row => {
  const after = { ...row };
  for (const { verb, name: given, value: bound } of clausesOf(text)) {
    const name = given.startsWith('#') ? (names[given] ?? '') : given;
    const value = bound === undefined ? undefined : values[bound];
    if (bound !== undefined && value === undefined) throw new Error(`${bound} has no value`);
    if (verb === 'SET') after[name] = value;
    else if (verb === 'ADD') after[name] = added(after[name], value);
    else if (verb === 'REMOVE') delete after[name];
    else {
      const rest = new Set(after[name] instanceof Set ? after[name] : []);
      for (const each of value instanceof Set ? value : []) rest.delete(each);
      if (rest.size > 0) after[name] = rest;
      else delete after[name];
    }
  }
  return after;
};
