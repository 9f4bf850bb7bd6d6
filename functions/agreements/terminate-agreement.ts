import { Failure } from '#kernel/failure.ts';
import type { App } from '#merchants/app.ts';

import { requestTermination, type Agreement } from './agreement.ts';
import { changeAgreement, lookAtAgreement, type Deps } from './look-at-agreement.ts';

/** An app sees its own agreements; another's does not exist. */
export const agreementOf = async (
  { agreements }: Pick<Deps, 'agreements'>,
  app: App,
  id: string,
): Promise<Agreement> => {
  const agreement = await agreements.find(id);
  if (!agreement || agreement.app_id !== app.id) throw new Failure('not_found');
  return agreement;
};

/**
 * 解约: ends an agreement, which means: ends it at its channel. The wish is written first: from then on nothing is deducted, and
 * the schedule goes on asking when the channel does not confirm. What has ended already stays as it is.
 */
export const terminateAgreement = async (deps: Deps, app: App, id: string): Promise<Agreement> => {
  await agreementOf(deps, app, id);
  const wished = await changeAgreement(deps, id, (agreement) => requestTermination(agreement, deps.now()));
  if (wished.status !== 'terminating') return wished;
  const after = await lookAtAgreement(deps, id, { moveOn: false });
  if (after.status === 'terminating') await deps.lookSoon(id);
  return after;
};
