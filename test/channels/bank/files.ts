/** Statements as banks write them, made from what moved: the other side of the readers. */
export interface Movement {
  /** Negative when it went. */
  readonly amount: bigint;
  readonly isReversal: boolean;
  readonly bookedOn: string;
  readonly reference: string;
  readonly text: string;
}

interface File {
  readonly account: string;
  readonly opening: bigint;
  readonly movements: readonly Movement[];
  /** Leaves this one out of the rows and not of the balances. */
  readonly omit?: number;
}

const magnitude = (amount: bigint, point: string) => {
  const digits = String(amount < 0n ? -amount : amount).padStart(3, '0');
  return `${digits.slice(0, -2)}${point}${digits.slice(-2)}`;
};

const shownOf = ({ movements, omit }: File) => movements.filter((_, index) => index !== omit);
const closingOf = ({ opening, movements }: File) => movements.reduce((total, { amount }) => total + amount, opening);
const lastDay = ({ movements }: File) => movements.at(-1)?.bookedOn ?? '2026-11-26';

export const mt940File = (file: File): string => {
  const short = (date: string) => date.slice(2).replaceAll('-', '');
  const balance = (amount: bigint) => `${amount < 0n ? 'D' : 'C'}${short(lastDay(file))}CNY${magnitude(amount, ',')}`;
  const entries = shownOf(file).map(({ amount, isReversal, bookedOn, reference, text }) => {
    const side = isReversal ? (amount > 0n ? 'RD' : 'RC') : amount > 0n ? 'C' : 'D';
    return `:61:${short(bookedOn)}${short(bookedOn).slice(2)}${side}${magnitude(amount, ',')}NTRFNONREF//${reference}\n:86:${text}`;
  });
  const head = [':20:STARTUMSE', `:25:${file.account}`, ':28C:00001/001', `:60F:${balance(file.opening)}`];
  return [...head, ...entries, `:62F:${balance(closingOf(file))}`, '-', ''].join('\n');
};

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const money = (amount: bigint) =>
  `<Amt Ccy="CNY">${magnitude(amount, '.')}</Amt><CdtDbtInd>${amount < 0n ? 'DBIT' : 'CRDT'}</CdtDbtInd>`;

export const camtFile = (file: File): string => {
  const balance = (code: string, amount: bigint) =>
    `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp>${money(amount)}<Dt><Dt>${lastDay(file)}</Dt></Dt></Bal>`;
  const entries = shownOf(file).map(
    ({ amount, isReversal, bookedOn, reference, text }) =>
      `<Ntry>${money(amount)}<RvslInd>${isReversal}</RvslInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>${bookedOn}</Dt></BookgDt>` +
      `<AcctSvcrRef>${reference}</AcctSvcrRef><NtryDtls><TxDtls><RltdPties><Dbtr><Pty><Nm>买方</Nm></Pty></Dbtr></RltdPties>` +
      `<RmtInf><Ustrd>${escaped(text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>`,
  );
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>' +
    `<Stmt><Id>1</Id><Acct><Id><Othr><Id>${file.account}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>` +
    `${balance('OPBD', file.opening)}${balance('CLBD', closingOf(file))}\n${entries.join('\n')}</Stmt></BkToCstmrStmt></Document>\n`
  );
};

/** 网银 tables: the side of a reversal is its own, with a negative amount. */
export const csvFile = (file: File): string => {
  let balance = file.opening;
  const rows = file.movements.map(({ amount, isReversal, bookedOn, reference, text }) => {
    balance += amount;
    const isCredit = isReversal ? amount < 0n : amount > 0n;
    const cell = `${isReversal ? '-' : ''}${magnitude(amount, '.')}`;
    const after = `${balance < 0n ? '-' : ''}${magnitude(balance, '.')}`;
    return [
      bookedOn,
      isCredit ? cell : '',
      isCredit ? '' : cell,
      after,
      reference,
      '买方',
      '62220001',
      `"${text}"`,
    ].join(',');
  });
  const header = '交易日期,贷方金额,借方金额,余额,流水号,对方户名,对方账号,附言';
  return [header, ...rows.filter((_, index) => index !== file.omit), ''].join('\r\n');
};
