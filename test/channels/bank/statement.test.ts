import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { identified, type BankStatement } from '#channels/bank-statement.ts';
import { StatementFormat } from '#channels/bank/settings.ts';
import { minorUnits } from '#channels/bank/statements/amount.ts';
import { readCamt } from '#channels/bank/statements/camt.ts';
import { readMt940 } from '#channels/bank/statements/mt940.ts';
import { readBankFile } from '#channels/bank/statements/read.ts';

import { fixture, needing, noFixtures } from '../fixtures.ts';
import { gbk } from '../gbk.ts';
import { camtFile, csvFile, mt940File, type Movement } from './files.ts';

const utf8 = {
  decode: (bytes: Buffer) => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
  complaint: 'not UTF-8',
};
const mt940 = (text: string | Buffer) => readMt940(Buffer.from(text), utf8);
const camt = (text: string | Buffer) => readCamt(Buffer.from(text));

interface Expected {
  readonly transactions: {
    readonly status: string;
    readonly amount: { readonly amount: string; readonly currency: string };
    readonly date: string;
    readonly entry_date?: string;
  }[];
}

const published = (name: string): Expected => JSON.parse(fixture(`bank/${name}.expected.json`).toString('utf8'));

describe.skipIf(noFixtures)(`published statements ${needing}`, () => {
  test.each(['betterplace.sepa_mt9401', 'cmxl.mt940'])('%s is read entry by entry', (name) => {
    const entries = mt940(fixture(`bank/${name}.sta`)).flatMap((statement) => statement.entries);
    const wanted = published(name).transactions.map(({ status, amount, date, entry_date }) => {
      const magnitude = minorUnits(amount.amount.replace('-', ''), amount.currency, '.') ?? -1n;
      return {
        amount: status === 'C' || status === 'RD' ? magnitude : -magnitude,
        currency: amount.currency,
        valueOn: date,
        bookedOn: entry_date ?? date,
      };
    });
    expect(entries).toHaveLength(wanted.length);
    expect(entries).toMatchObject(wanted);
  });

  test('the second version of CAMT.053, two statements in one message', () => {
    const statements = camt(fixture('bank/camt053.v2.multi.statement.xml'));
    expect(statements).toMatchObject([
      {
        account: 'NL26VAYB8060476890',
        opening: 1815n,
        closing: 2700n,
        entries: [{ amount: 885n, bookedOn: '2014-12-31' }],
      },
      {
        account: 'NL26VAYB8060476890',
        opening: 2700n,
        closing: 2000n,
        entries: [{ amount: -700n, bookedOn: '2014-12-31' }],
      },
    ]);
    expect(fixture('bank/camt053.v2.multi.statement.json').toString('utf8')).toContain('"-700"');
  });

  test('the eighth version, whose balances are of three currencies, is refused; mended it is read', () => {
    const file = fixture('bank/camt053.v8.xml').toString('utf8');
    expect(() => camt(file)).toThrow('it opens in EUR and closes in SEK');
    const mended = file.replace(
      /<Amt Ccy="SEK">27.00<\/Amt>\s*<CdtDbtInd>DBIT/,
      '<Amt Ccy="EUR">27.00</Amt><CdtDbtInd>CRDT',
    );
    expect(camt(mended)).toMatchObject([
      {
        account: 'NL26VAYB8060476890',
        entries: [
          {
            amount: 885n,
            bookedOn: '2014-12-31',
            valueOn: '2015-01-02',
            bankReference: 'AAAASESS-FP-CN_98765/01',
            text: 'MUELL/FINP/RA12345\n4654654654654654',
            payer: { name: 'NAME NAME', account: 'NL56AGDH9619008421' },
          },
        ],
      },
    ]);
  });
});

const Day = fc.date({ min: new Date('2024-01-01'), max: new Date('2031-12-31'), noInvalidDate: true });
const words = fc
  .string({ unit: fc.constantFrom(...Array.from('ABCXYZ0123456789 ./-')), maxLength: 40 })
  .map((text) => text.replace(/^[-:\s]+/, '').trim());
const movement: fc.Arbitrary<Movement> = fc.record({
  amount: fc.bigInt({ min: 1n, max: 9_999_999_999n }).chain((amount) => fc.constantFrom(amount, -amount)),
  isReversal: fc.boolean(),
  bookedOn: Day.map((day) => day.toISOString().slice(0, 10)),
  reference: fc.stringMatching(/^[A-Z0-9]{1,16}$/),
  text: words.filter((text) => text !== '' && !/^\d{3}[?<>~^+]\d\d/.test(text)),
});
const opening = fc.bigInt({ min: -1_000_000n, max: 10_000_000_000n });

const csvFormat = StatementFormat.parse({
  format: 'csv',
  columns: {
    date: '交易日期',
    credit: '贷方金额',
    debit: '借方金额',
    reference: '流水号',
    text: ['附言'],
    payer_name: '对方户名',
    payer_account: '对方账号',
    balance: '余额',
  },
});

const account = '6222000000000001';
const writers = {
  mt940: {
    write: mt940File,
    read: (bytes: Buffer) => readBankFile(bytes, { format: 'mt940', encoding: 'utf-8' }, account),
  },
  camt053: { write: camtFile, read: (bytes: Buffer) => readBankFile(bytes, { format: 'camt053' }, account) },
  csv: { write: csvFile, read: (bytes: Buffer) => readBankFile(bytes, csvFormat, account) },
};

describe.each(Object.entries(writers))('%s', (name, { write, read }) => {
  const given = (first: bigint, movements: readonly Movement[]) => write({ account, opening: first, movements });

  test('what was written is what is read', () => {
    fc.assert(
      fc.property(opening, fc.array(movement, { minLength: 1, maxLength: 12 }), (first, movements) => {
        const [statement] = read(Buffer.from(given(first, movements)));
        expect(statement?.entries).toMatchObject(
          movements.map(({ amount, bookedOn, reference, isReversal }) => ({
            amount,
            bookedOn,
            bankReference: reference,
            isReversal,
          })),
        );
        for (const [index, { text }] of movements.entries()) expect(statement?.entries[index]?.text).toContain(text);
      }),
      { numRuns: 60 },
    );
  });

  test('an entry left out of the middle is missed', () => {
    fc.assert(
      fc.property(opening, fc.array(movement, { minLength: 3, maxLength: 6 }), (first, movements) => {
        const file = write({ account, opening: first, movements, omit: 1 });
        expect(() => read(Buffer.from(file))).toThrow(/balance/);
      }),
      { numRuns: 30 },
    );
  });

  test('cut short anywhere it is refused, or ends at a row', () => {
    const movements = [1n, -2n, 300n].map((amount) => ({
      amount,
      isReversal: false,
      bookedOn: '2026-11-26',
      reference: 'REF1',
      text: 'WORDS',
    }));
    const file = Buffer.from(given(5n, movements));
    const whole = read(file);
    const survived: BankStatement[][] = [];
    for (let length = 0; length < file.length - 2; length += 1)
      try {
        survived.push(read(file.subarray(0, length)));
      } catch (error) {
        expect(error).toMatchObject({ name: 'StatementError' });
      }
    // A table without totals cannot tell; what it still holds is what it held. A closing balance may lose nothing.
    for (const statements of survived)
      for (const [index, entry] of (statements[0]?.entries ?? []).entries())
        if (name !== 'csv') expect(entry).toStrictEqual(whole[0]?.entries[index]);
  });

  test('bytes of another encoding are refused', () => {
    const file = given(5n, [{ amount: 1n, isReversal: false, bookedOn: '2026-11-26', reference: 'R1', text: 'WORDS' }]);
    const [before = '', after = ''] = file.split('WORDS');
    expect(() => read(Buffer.concat([Buffer.from(before), gbk('货款'), Buffer.from(after)]))).toThrow(/UTF-8|utf-8/);
    expect(() => read(Buffer.from(`\uFEFF${file}`, 'utf16le'))).toThrow();
  });

  test('a statement of another account is refused', () => {
    const file = write({ account: '999', opening: 0n, movements: [] });
    if (name !== 'csv') expect(() => read(Buffer.from(file))).toThrow('another account');
  });
});

describe('MT940 by its letter', () => {
  const page = (entry: string, closing: string, open = 'C251230CNY10,') =>
    `:20:X\n:25:1\n:28C:1\n:60F:${open}\n${entry}\n:62F:${closing}\n-\n`;

  test.each([
    ['2601021231C5,NTRFA//B', '2026-01-02', '2025-12-31', 'C260102CNY15,'],
    ['2512310102C5,NTRFA//B', '2025-12-31', '2026-01-02', 'C260102CNY15,'],
    ['240229C5,NTRFA//B', '2024-02-29', '2024-02-29', 'C260102CNY15,'],
  ])('%s', (entry, valueOn, bookedOn, closing) => {
    expect(mt940(page(`:61:${entry}`, closing))).toMatchObject([{ entries: [{ valueOn, bookedOn, amount: 500n }] }]);
  });

  test('a reversed credit takes, a reversed debit brings; a letter of the currency is none of the side', () => {
    expect(mt940(page(':61:260102RC5,NTRFA', 'C260102CNY5,'))).toMatchObject([
      { entries: [{ amount: -500n, isReversal: true }] },
    ]);
    expect(mt940(page(':61:260102RD5,NTRFA', 'C260102CNY15,'))).toMatchObject([
      { entries: [{ amount: 500n, isReversal: true }] },
    ]);
    expect(mt940(page(':61:260102CR5,NTRFA', 'C260102CNY15,'))).toMatchObject([
      { entries: [{ amount: 500n, isReversal: false }] },
    ]);
  });

  test('minor units are the currency’s', () => {
    expect(mt940(page(':61:260102C5,NTRFA', 'C260102JPY15,', 'C251230JPY10,'))).toMatchObject([{ closing: 15n }]);
    expect(mt940(page(':61:260102C5,125NTRFA', 'C260102KWD15,125', 'C251230KWD10,'))).toMatchObject([
      { closing: 15125n },
    ]);
    expect(() => mt940(page(':61:260102C5,125NTRFA', 'C260102CNY15,125'))).toThrow('no entry in CNY');
  });

  test.each([
    [':61:260230C5,NTRFA', 'C260102CNY15,', 'no date'],
    [':61:260102C5.00NTRFA', 'C260102CNY15,', 'no entry'],
    [':61:260102C5,NTRFA', 'C260102CNY16,', 'balances disagree'],
    [':61:260102C5,NTRFA', 'C260102USD15,', 'opens in CNY and closes in USD'],
    [':61:260102C5,NTRFA\n:20:Y', 'C260102CNY15,', 'before the one before it'],
  ])('%s with %s is refused', (entry, closing, reason) => {
    expect(() => mt940(page(entry, closing))).toThrow(reason);
  });

  test('what is no such file is refused', () => {
    for (const file of ['', 'hello', '<html>', ':61:260102C5,NTRFA', ':20:X\n:25:1\n'])
      expect(() => mt940(file)).toThrow(expect.objectContaining({ name: 'StatementError' }));
  });
});

describe('hostile XML', () => {
  const inside = (text: string) =>
    camtFile({ account, opening: 0n, movements: [] }).replace('<BkToCstmrStmt>', `<BkToCstmrStmt>${text}`);

  test.each([
    [
      'a billion laughs',
      `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><Document>&lol2;</Document>`,
      'document type',
    ],
    ['an external entity', `<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>`, 'document type'],
    ['an entity of its own', inside('<X>&secret;</X>'), 'damaged'],
    ['a deep nest', inside('<a>'.repeat(10_000)), 'deep'],
    ['a long text', inside(`<X>${'x'.repeat(5_000)}</X>`), 'longer than'],
    [
      'another message',
      camtFile({ account, opening: 0n, movements: [] }).replace('camt.053', 'camt.054'),
      'not a CAMT.053',
    ],
    ['an encoding of its own', `<?xml version="1.0" encoding="UTF-7"?><Document/>`, 'only UTF-8'],
    ['no statement', `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"/>`, 'no statement'],
    ['nothing', '', 'damaged'],
  ])('%s is refused', (_, file, reason) => {
    expect(() => camt(file)).toThrow(reason);
  });
});

test('two equal transfers of a day are two, and the same in a file that comes again', () => {
  const twice = { amount: 100n, isReversal: false, bookedOn: '2026-11-26', reference: 'R', text: 'T' };
  const [first] = camt(camtFile({ account, opening: 0n, movements: [twice, twice] }));
  const [again] = camt(camtFile({ account, opening: 900n, movements: [twice, twice, { ...twice, amount: 5n }] }));
  const ids = identified(account, first?.entries ?? []).map(({ id }) => id);
  expect(new Set(ids).size).toBe(2);
  expect(
    identified(account, again?.entries ?? [])
      .map(({ id }) => id)
      .slice(0, 2),
  ).toStrictEqual(ids);
});
