import type { AgreementOutcome, AgreementsAtChannel } from '#channels/agreement.ts';
import type { OpenAccount, OpenChannel } from '#channels/open.ts';
import { invariant } from '#kernel/failure.ts';
import { contend, lost } from '#platform/contend.ts';

import { agreementRef, heard, isUnsettled, type Agreement } from './agreement.ts';
import type { AgreementStore } from './store.ts';

export interface Deps {
  readonly agreements: Pick<AgreementStore, 'find' | 'get' | 'save'>;
  readonly open: OpenChannel;
  readonly now: () => Date;
  readonly lookSoon: (id: string) => Promise<void>;
  readonly noteOutage: (what: string, error: unknown) => void;
  readonly agreementCallbackUrl: (account: OpenAccount['account']) => string;
}

/** Reads, decides and writes until it has won; writes nothing when the decision changes nothing. */
export const changeAgreement = (
  { agreements }: Pick<Deps, 'agreements'>,
  id: string,
  decide: (agreement: Agreement) => Agreement,
): Promise<Agreement> =>
  contend(async () => {
    const before = await agreements.get(id);
    const after = decide(before);
    if (after === before) return before;
    const saved = await agreements.save(after);
    return saved.won ? saved.noun : lost;
  });

/** Takes in what a channel says of an agreement: the one door for callbacks and queries; safe to repeat. */
export const applyAgreementOutcome = (deps: Deps, id: string, outcome: AgreementOutcome): Promise<Agreement> =>
  changeAgreement(deps, id, (agreement) => heard(agreement, outcome, deps.now()));

/** One call of the channel; without an answer, nothing is known. */
export const atChannel = async <Answer>(
  deps: Deps,
  agreement: Agreement,
  what: string,
  call: (channel: AgreementsAtChannel, callbackUrl: string) => Promise<Answer>,
): Promise<Answer | undefined> => {
  try {
    const { account, channel } = await deps.open(agreement.channel_account_id);
    invariant(channel.agreements !== undefined, `${agreement.channel_account_id} signs no agreements`);
    return await call(channel.agreements, deps.agreementCallbackUrl(account));
  } catch (error) {
    deps.noteOutage(`${what} ${agreement.id}`, error);
    return undefined;
  }
};

const ask = (deps: Deps, agreement: Agreement) =>
  atChannel(deps, agreement, 'asking about', (channel) => channel.query(agreementRef(agreement)));

/** What was asked to end is ended at the channel; of one that nobody is known to have signed it is asked first. */
const finishTermination = async (deps: Deps, agreement: Agreement): Promise<Agreement> => {
  if (agreement.status !== 'terminating' || agreement.channel_agreement_no === undefined) return agreement;
  const outcome = await atChannel(deps, agreement, 'terminating', (channel, url) =>
    channel.terminate(agreementRef(agreement), url),
  );
  return outcome ? applyAgreementOutcome(deps, agreement.id, outcome) : agreement;
};

/**
 * Looks at an agreement: asks its channel how it stands, ends there what is to end, and writes what was learnt. Idempotent;
 * delayed messages, the due index, failed deductions and terminating all come here.
 */
export const lookAtAgreement = async (
  deps: Deps,
  id: string,
  { moveOn }: { readonly moveOn: boolean },
): Promise<Agreement> => {
  const read = await deps.agreements.get(id);
  if (!isUnsettled(read) && read.status !== 'active') return read;
  const isToEnd = read.status === 'terminating' && read.channel_agreement_no !== undefined;
  const outcome = isToEnd ? undefined : await ask(deps, read);
  const known = outcome ? await applyAgreementOutcome(deps, id, outcome) : read;
  const after = await finishTermination(deps, known);
  // Rewriting it moves its next look to its next age; losing that race means that somebody else moved it.
  if (moveOn && after.version === read.version) await deps.agreements.save(after);
  return after;
};
