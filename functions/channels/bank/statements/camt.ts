import { shown } from '#channels/files/row.ts';
import { StatementError } from '#channels/statement.ts';

import { minorUnits } from './amount.ts';
import { balanced, entryLimit, type BankEntry, type BankStatement } from '#channels/bank-statement.ts';
import { readXml } from './xml.ts';

/*
 * CAMT.053, 账户对账单 of ISO 20022, of the versions whose members read here are the same: what an entry is and says. Several
 * transfers that the bank has booked as one are one entry.
 */

const namespace = /^urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(02|03|04|05|06|07|08)$/;
const statement = 'Document/BkToCstmrStmt/Stmt';

interface Money {
  readonly text: string;
  readonly currency: string;
}

/** What an element has said by its members, as read so far. */
interface Said {
  readonly line: number;
  amount?: Money;
  side?: string;
  code?: string;
  status?: string;
  reversal?: string;
  booked?: string;
  value?: string;
  reference?: string;
  payer?: string;
  payerAccount?: string;
  readonly texts: string[];
}

const signedAmount = ({ line, amount, side }: Said): { amount: bigint; currency: string } => {
  const magnitude = amount && minorUnits(amount.text, amount.currency, '.');
  if (!amount || magnitude === undefined)
    throw new StatementError(line, `${shown(amount?.text ?? '')} is no amount in ${shown(amount?.currency ?? '')}`);
  if (side !== 'CRDT' && side !== 'DBIT') throw new StatementError(line, 'it is neither a credit nor a debit');
  return { amount: side === 'CRDT' ? magnitude : -magnitude, currency: amount.currency };
};

/** The day as the bank writes it: an instant's is the one it has where the bank is. */
const dateOf = (line: number, text: string): string => {
  const date = text.slice(0, 10);
  const at = new Date(`${date}T00:00:00Z`);
  if (
    !/^\d{4}-\d\d-\d\d(T|$|Z|[+-])/.test(text) ||
    Number.isNaN(at.getTime()) ||
    at.toISOString().slice(0, 10) !== date
  )
    throw new StatementError(line, `${shown(text)} is no date`);
  return date;
};

/** The side says where the money goes; that it reverses another entry does not turn it round. */
const entryOf = (said: Said): BankEntry => {
  const { line, booked, value, reversal, reference, texts, payer, payerAccount } = said;
  if (reversal !== undefined && !['true', 'false', '1', '0'].includes(reversal))
    throw new StatementError(line, `${shown(reversal)} does not say whether it is a reversal`);
  const day = booked ?? value;
  if (day === undefined) throw new StatementError(line, 'an entry has no date');
  return {
    line,
    ...signedAmount(said),
    isReversal: reversal === 'true' || reversal === '1',
    bookedOn: dateOf(line, day),
    valueOn: dateOf(line, value ?? day),
    bankReference: reference ?? '',
    text: texts.filter(Boolean).join('\n'),
    payer: { name: payer ?? '', account: payerAccount ?? '' },
  };
};

interface Reading {
  readonly line: number;
  account: string;
  readonly balances: { readonly code: string; readonly amount: bigint; readonly currency: string }[];
  readonly entries: BankEntry[];
}

const openings = ['OPBD', 'PRCD', 'ITBD'];

const statementOf = ({ line, account, balances, entries }: Reading): BankStatement => {
  const opening = openings.flatMap((code) => balances.find((each) => each.code === code) ?? [])[0];
  const closing =
    balances.find(({ code }) => code === 'CLBD') ??
    balances.findLast((each) => each.code === 'ITBD' && each !== opening);
  if (account === '') throw new StatementError(line, 'the statement names no account');
  if (!opening || !closing) throw new StatementError(line, 'the statement has no opening or no closing balance');
  if (opening.currency !== closing.currency)
    throw new StatementError(line, `it opens in ${opening.currency} and closes in ${closing.currency}`);
  const { currency } = opening;
  return balanced({ line, account, currency, opening: opening.amount, closing: closing.amount, entries });
};

/** Members of an entry that are text of the payer or of the banks. */
const isText = (member: string) =>
  /\/(Ustrd|AddtlTxInf|AddtlRmtInf|EndToEndId|CdtrRefInf\/Ref)$/.test(member) || member === 'AddtlNtryInf';

const isPayer = (member: string) => /\/RltdPties\/(UltmtDbtr|Dbtr)(\/Pty)?\/Nm$/.test(member);
const isPayerAccount = (member: string) => /\/RltdPties\/DbtrAcct\/Id\/(IBAN|Othr\/Id)$/.test(member);

const sayEntry = (said: Said, member: string, text: string): void => {
  if (member === 'CdtDbtInd') said.side = text;
  else if (member === 'Sts' || member === 'Sts/Cd') said.status = said.status || text;
  else if (member === 'RvslInd') said.reversal = text;
  else if (member === 'BookgDt/Dt' || member === 'BookgDt/DtTm') said.booked = text;
  else if (member === 'ValDt/Dt' || member === 'ValDt/DtTm') said.value = text;
  else if (member === 'AcctSvcrRef') said.reference = text;
  else if (isPayer(member)) said.payer ??= text;
  else if (isPayerAccount(member)) said.payerAccount ??= text;
  else if (isText(member)) said.texts.push(text);
};

const sayBalance = (said: Said, member: string, text: string): void => {
  if (member === 'CdtDbtInd') said.side = text;
  else if (member === 'Tp/CdOrPrtry/Cd') said.code = text;
};

/** What a message says, as it is read: statements, in them balances and entries. */
class Message {
  readonly statements: BankStatement[] = [];
  readonly #line: () => number;
  #reading: Reading | undefined;
  /** The balance or entry that is being read. */
  #said: Said | undefined;
  #currency = '';
  #entries = 0;

  constructor(line: () => number) {
    this.#line = line;
  }

  root(name: string, uri: string, line: number): void {
    if (name !== 'Document' || !namespace.test(uri)) throw new StatementError(line, 'this is not a CAMT.053 statement');
  }

  opened(path: readonly string[], attribute: (name: string) => string | undefined): void {
    const where = path.join('/');
    this.#currency = attribute('Ccy') ?? '';
    if (where === statement) this.#reading = { line: this.#line(), account: '', balances: [], entries: [] };
    if (where === `${statement}/Bal` || where === `${statement}/Ntry`) this.#said = { line: this.#line(), texts: [] };
  }

  closed(path: readonly string[], text: string): void {
    const reading = this.#reading;
    const where = path.join('/');
    if (!reading || !where.startsWith(statement)) return;
    const [, part = '', ...members] = where.slice(statement.length).split('/');
    const member = members.join('/');
    if (part === 'Acct' && (member === 'Id/IBAN' || member === 'Id/Othr/Id')) reading.account = text;
    else if (part === 'Bal' || part === 'Ntry') this.#member(reading, part, member, text);
    else if (part === '') {
      this.statements.push(statementOf(reading));
      this.#reading = undefined;
    }
  }

  #member(reading: Reading, part: 'Bal' | 'Ntry', member: string, text: string): void {
    const said = this.#said;
    if (!said) return;
    if (member === '') {
      this.#end(reading, part, said);
      this.#said = undefined;
    } else if (member === 'Amt') said.amount = { text, currency: this.#currency };
    else if (part === 'Bal') sayBalance(said, member, text);
    else sayEntry(said, member, text);
  }

  #end(reading: Reading, part: 'Bal' | 'Ntry', said: Said): void {
    if (part === 'Bal') {
      reading.balances.push({ code: said.code ?? '', ...signedAmount(said) });
      return;
    }
    this.#entries += 1;
    if (this.#entries > entryLimit) throw new StatementError(said.line, `there are more than ${entryLimit} entries`);
    // What is only announced is not on the account, and is in a later statement once it is.
    if (said.status === 'BOOK') reading.entries.push(entryOf(said));
  }
}

export const readCamt = (bytes: Buffer): BankStatement[] => {
  const messages: Message[] = [];
  readXml(bytes, (line) => {
    const message = new Message(line);
    messages.push(message);
    return message;
  });
  const statements = messages.flatMap((message) => message.statements);
  if (statements.length === 0) throw new StatementError(1, 'the file holds no statement');
  return statements;
};
