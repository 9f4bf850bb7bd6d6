import type { FailureCode } from '#kernel/failure.ts';
import type { Payment } from '#payments/payment.ts';

import { tagOf, type Language, type Text } from '../copy/language.ts';
import { wallets, words } from '../copy/words.ts';
import type { Environment } from '../environment.ts';
import type { Offer } from '../offers.ts';
import type { Stand } from '../standing.ts';

/** Everything that a page is drawn from. */
export interface Model {
  readonly payment: Payment;
  readonly merchant: string;
  readonly stand: Stand;
  readonly offers: readonly Offer[];
  readonly environment: Environment;
  readonly language: Language;
  /** The payer wants another method than the one in flight. */
  readonly choosing: boolean;
  /** Why what the payer asked for was not done. */
  readonly problem: FailureCode | undefined;
  /** The method that the payer has chosen, where they sign in first. */
  readonly signInFor?: string | undefined;
  readonly now: Date;
  readonly addresses: Addresses;
}

export interface Addresses {
  readonly page: string;
  readonly otherLanguage: string;
  readonly choosing: string;
  readonly attempts: string;
  readonly challenge: string;
  readonly signIn: string;
  readonly state: string;
}

/** The addresses of one payer's page. The token goes along in each: no cookie shows the page. */
export const addressesOf = (id: string, token: string, language: Language, named: boolean): Addresses => {
  const address = (path: string, more: Readonly<Record<string, string>> = named ? { lang: language } : {}) =>
    `/cashier/${id}${path}?${new URLSearchParams({ token, ...more }).toString()}`;
  return {
    page: address(''),
    otherLanguage: address('', { lang: words.otherLanguage[language] }),
    choosing: `${address('')}&choose=1`,
    attempts: address('/attempts'),
    challenge: address('/challenge'),
    signIn: address('/sign-in'),
    state: address('/state', {}),
  };
};

/** Minor units as people write them in that language: exact, and with every decimal that the currency has. */
export const amountText = ({
  payment,
  language,
}: {
  readonly payment: Pick<Payment, 'amount' | 'currency'>;
  readonly language: Language;
}): string => {
  const { currency, amount } = payment;
  const format = new Intl.NumberFormat(tagOf[language], { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  const minor = String(amount).padStart(digits + 1, '0');
  const whole = minor.slice(0, minor.length - digits);
  // A bigint keeps the whole part exact; the fraction is put in as the text that it is.
  return format
    .formatToParts(BigInt(whole))
    .map(({ type, value }) => (type === 'fraction' ? minor.slice(-digits) : value))
    .join('');
};

/** An instant in the time zone of the business, which is named beside: a server cannot know the payer's. */
export const instantText = (instant: Date, language: Language, timeZone: string): string => {
  const text = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(tagOf[language], { timeZone, hourCycle: 'h23', ...options });
  const zone = text({ timeZoneName: 'shortOffset' }).formatToParts(instant);
  const name = zone.find(({ type }) => type === 'timeZoneName')?.value ?? timeZone;
  return `${text({ dateStyle: 'medium', timeStyle: 'short' }).format(instant)} (${name})`;
};

export const walletOf = (method: string): Text => wallets[method.split('_')[0] ?? ''] ?? words.wallet;

/** How the profile calls a method, or else whose it is. */
export const nameOf = ({ offers }: Model, method: string): Text =>
  offers.find((offer) => offer.method.method === method)?.method.display_name ?? walletOf(method);

export const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
