import type { APIGatewayProxyEventV2 } from 'aws-lambda';

import { Failure } from '#kernel/failure.ts';

import { notFound, seeOther, visitOf, type Deps as PageDeps, type Result, type Visit } from './answers.ts';
import { chooseMethod, type Choice } from './choose-method.ts';
import { signInLost } from './copy/problems.ts';
import { cashierToken, isAlive } from './link.ts';
import { plainPage } from './page/document.ts';
import { pageHeaders } from './page/headers.ts';
import { signs } from './page/icons.ts';
import { paymentOf, showOrder, signInFor } from './show-order.ts';
import { newSignIn, signInCookie, signInOf, type SignInPlan } from './sign-in.ts';
import { isPayable, standOf } from './standing.ts';

export type Deps = PageDeps & {
  readonly chance: (bytes: number) => Buffer;
  readonly origin: string;
  /** Whether this state has not come back before. */
  readonly isFirst: (state: string) => Promise<boolean>;
};

/** Of this payment's page alone, and never told to a script; over http only where there is no https, on one machine. */
const cookie = ({ origin }: Deps, { id }: Visit, value: string, seconds: number): string =>
  [
    `${signInCookie}=${value}`,
    `Path=/cashier/${id}`,
    `Max-Age=${seconds}`,
    'HttpOnly',
    'SameSite=Lax',
    ...(origin.startsWith('https:') ? ['Secure'] : []),
  ].join('; ');

const markIn = ({ cookies = [] }: APIGatewayProxyEventV2): string =>
  cookies.find((each) => each.startsWith(`${signInCookie}=`))?.slice(signInCookie.length + 1) ?? '';

/** To where the wallet tells who the payer is. It is led back to this page of ours and to no other. */
export const leadToSignIn = async (deps: Deps, event: APIGatewayProxyEventV2): Promise<Result> => {
  const visit = visitOf(event);
  const payment = await paymentOf(deps, visit);
  if (!payment) return notFound(deps, visit);
  const now = deps.now();
  const order = await showOrder(deps, payment, visit);
  const found = isPayable(standOf(payment, now).standing) ? signInFor(order, visit.method) : undefined;
  if (!found) return seeOther(visit);
  const { mark, state } = newSignIn(await deps.key(), visit.id, found.plan, { now, chance: deps.chance(16) });
  const back = `${deps.origin}/cashier/${visit.id}/signed-in${visit.isNamed ? `?lang=${visit.language}` : ''}`;
  return {
    statusCode: 302,
    headers: { ...pageHeaders(), location: found.signIn.addressOf(back, state) },
    cookies: [cookie(deps, visit, mark, 600)],
  };
};

/** Asks the wallet once. What it does not answer brings no money: the payer is offered to try again. */
const openidOf = async (deps: Deps, { account }: SignInPlan, code: string): Promise<string> => {
  const told = async () => {
    try {
      const { channel } = await deps.open(account);
      return await channel.signIn?.openidOf(code);
    } catch (error) {
      deps.noteOutage(`a sign-in at ${account}`, error);
      return undefined;
    }
  };
  const openid = code === '' ? undefined : await told();
  if (openid === undefined) throw new Failure('sign_in_failed');
  return openid;
};

const choiceOf = async (deps: Deps, visit: Visit, plan: SignInPlan): Promise<Choice | undefined> => {
  const payment = await deps.find(visit.id);
  if (!payment || !isAlive(payment, deps.now())) return undefined;
  const { offers } = await showOrder(deps, payment, visit);
  return { payment, offers, method: plan.method, ip: visit.ip };
};

/** Back from the wallet. The code is asked about once; then the order is placed for whoever has come. */
export const takeSignIn = async (deps: Deps, event: APIGatewayProxyEventV2): Promise<Result> => {
  const arrived = visitOf(event);
  const key = await deps.key();
  const began = signInOf(key, arrived.id, { mark: markIn(event), state: arrived.state }, deps.now());
  const choice = began && (await choiceOf(deps, arrived, began));
  // Nothing shows that this browser began it: it is told no more than a stranger.
  if (!choice)
    return {
      statusCode: 400,
      headers: pageHeaders(),
      body: plainPage(signInLost, signs.bad, arrived.language, deps.assets.addresses),
    };
  const visit = { ...arrived, token: cashierToken(key, arrived.id) };
  const goOn = (problem?: Failure): Result => ({
    ...seeOther(visit, problem?.code),
    cookies: [cookie(deps, visit, '', 0)],
  });
  if (!(await deps.isFirst(arrived.state))) return goOn();
  try {
    if (began.isOver) throw new Failure('sign_in_failed');
    const openid = await openidOf(deps, began, arrived.code);
    await chooseMethod(deps, { ...choice, signedIn: { openid, openid_from: began.account } });
    return goOn();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return goOn(error);
  }
};
