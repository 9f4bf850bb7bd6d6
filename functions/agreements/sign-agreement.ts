import { isDeepStrictEqual } from 'node:util';

import type { OpenAccount } from '#channels/open.ts';
import { Failure } from '#kernel/failure.ts';
import type { App } from '#merchants/app.ts';
import type { Currency } from '#kernel/money.ts';
import type { Merchant } from '#merchants/merchant.ts';
import { merchantFor } from '#payments/placing/place-payment.ts';
import { contend, lost } from '#platform/contend.ts';

import { agreementId, isWaiting, loseAnswer, offered, refused, toSign, type Agreement } from './agreement.ts';
import { atChannel, changeAgreement, type Deps as LookDeps } from './look-at-agreement.ts';
import type { AgreementToSign } from './operations.ts';

export type Deps = LookDeps & {
  readonly merchant: (id: string) => Promise<Merchant | undefined>;
  readonly urlAllowed: (url: string) => boolean;
};

/** The first of the merchant's accounts, in its order, at which it can be signed in one of these ways and deducted by. */
export const signingAccount = async (
  { open }: Pick<Deps, 'open'>,
  { channel_account_ids }: Pick<Merchant, 'channel_account_ids'>,
  currency: Currency,
  isSignedBy: (opened: OpenAccount) => boolean,
): Promise<OpenAccount> => {
  for (const id of channel_account_ids) {
    const opened = await open(id);
    const { account, kind, channel } = opened;
    const { agreements, currencies } = kind.capabilities;
    const signs = channel.agreements && agreements && account.methods.includes(agreements.deduction);
    if (signs && account.status === 'enabled' && currencies.includes(currency) && isSignedBy(opened)) return opened;
  }
  throw new Failure('agreement_not_available');
};

const drafted = (app: App, { account }: Pick<OpenAccount, 'account'>, asked: AgreementToSign, now: Date): Agreement => {
  const { expires_in_seconds, ...kept } = asked;
  return {
    ...kept,
    id: agreementId(app.id, asked.merchant_agreement_id),
    version: 0,
    app_id: app.id,
    channel: account.channel,
    channel_account_id: account.id,
    time_zone: account.time_zone,
    status: 'pending',
    created_at: now,
    expires_at: new Date(now.getTime() + expires_in_seconds * 1_000),
  };
};

/** What was asked for, as it stands on the row. Where the payer stood is not part of it: a retry may come from elsewhere. */
const askedFor = (agreement: Agreement) => {
  const { merchant_id, method, subject, currency, limits, payer, notify_url, return_url, created_at, expires_at } =
    agreement;
  const { payment_id } = agreement;
  const who = payer && { ...payer, ip: undefined, device: undefined };
  const lasts = expires_at.getTime() - created_at.getTime();
  return JSON.parse(
    JSON.stringify(
      { merchant_id, method, payment_id, subject, currency, limits, who, notify_url, return_url, lasts },
      (_, value) => (typeof value === 'bigint' ? String(value) : value),
    ),
  ) as unknown;
};

const sameAgain = (existing: Agreement, draft: Agreement): Agreement => {
  if (!isDeepStrictEqual(askedFor(existing), askedFor(draft))) throw new Failure('idempotency_conflict');
  return existing;
};

/** Asks the channel for what its payer must do, unless that is known; sent again under the same number. */
const offer = async (deps: Deps, agreement: Agreement): Promise<Agreement> => {
  const { method } = agreement;
  if (!method || !isWaiting(agreement) || agreement.action || agreement.expires_at <= deps.now()) return agreement;
  const signing = await atChannel(deps, agreement, 'signing', (channel, notifyUrl) =>
    channel.sign({ ...toSign(agreement, method), notifyUrl, returnUrl: agreement.return_url }),
  );
  const after = await changeAgreement(deps, agreement.id, (read) => {
    if (!signing) return loseAnswer(read);
    return signing.kind === 'placed' ? offered(read, signing.action) : refused(read, signing.failure);
  });
  if (isWaiting(after)) await deps.lookSoon(after.id);
  return after;
};

/** Begins an agreement, or finds it: a number that was used answers as it did. What a crashed first call began is finished. */
export const signAgreement = async (
  deps: Deps,
  app: App,
  asked: AgreementToSign,
): Promise<{ agreement: Agreement; isNew: boolean }> => {
  const known = await deps.agreements.find(agreementId(app.id, asked.merchant_agreement_id));
  if (known) {
    const draft = drafted(app, await deps.open(known.channel_account_id), asked, known.created_at);
    return { agreement: await offer(deps, sameAgain(known, draft)), isNew: false };
  }
  const merchant = await merchantFor(deps, app, asked.merchant_id);
  const urls = [asked.notify_url, asked.return_url].filter((url) => url !== undefined);
  if (!urls.every((url) => deps.urlAllowed(url))) throw new Failure('url_not_allowed');
  const { method, currency } = asked;
  const opened = await signingAccount(deps, merchant, currency, ({ kind }) =>
    Boolean(kind.capabilities.agreements?.methods.includes(method)),
  );
  const draft = drafted(app, opened, asked, deps.now());
  const begun = await contend(async () => {
    const saved = await deps.agreements.save(draft);
    if (saved.won) return { agreement: saved.noun, isNew: true };
    return saved.existing ? { agreement: sameAgain(saved.existing, draft), isNew: false } : lost;
  });
  return { ...begun, agreement: await offer(deps, begun.agreement) };
};
