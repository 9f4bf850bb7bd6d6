import * as z from 'zod';
import type { Channel } from '../stage.ts';
import { Stopped } from '../wait.ts';
import { expecting, send, shown } from './http.ts';

const Now = z.object({ now: z.coerce.date() });
const Armed = z.object({ armed: z.array(z.object({ fault: z.string(), remaining: z.int() })) });
const Paid = z.object({ channel_trade_no: z.string() });

export type Fault = 'lose_callback' | 'duplicate_callback' | 'paid_after_close' | 'refund_fails';

const CLOCK_SECONDS = 120;

/** The control side of the sandbox: the payer's hand, what goes wrong, the bill, the clock. */
export const sandboxControl = (origin: string) => {
  const get = (path: string) => send({ method: 'GET', url: new URL(path, origin) });
  const post = (path: string, body: object, seconds?: number) =>
    send({ method: 'POST', url: new URL(path, origin), body: JSON.stringify(body) }, seconds);
  const tryPaying = (channelOrderNo: string, channel: Channel = 'wechat') =>
    post(`/payer/${channel}/${channelOrderNo}/pay`, {});
  return {
    now: async (): Promise<Date> => expecting(await get('/clock'), [200], Now).now,
    advance: async (seconds: number): Promise<Date> =>
      expecting(await post('/clock', { advance_seconds: seconds }, CLOCK_SECONDS), [200], Now).now,
    /** The payer pays; answers the channel's number of the trade. */
    pay: async (channelOrderNo: string, channel: Channel = 'wechat'): Promise<string> =>
      expecting(await tryPaying(channelOrderNo, channel), [200], Paid).channel_trade_no,
    tryPaying,
    /** A transfer arrives at its payee, fails there, or comes back from there. */
    touch: async (transferNo: string, what: 'arrive' | 'fail' | 'bounce'): Promise<void> => {
      expecting(await post(`/payees/alipay/${transferNo}/${what}`, {}), [200], z.object({ status: z.string() }));
    },
    /** What a payer does at Alipay about an agreement that was opened. */
    touchAgreement: async (agreementNo: string, gesture: 'sign' | 'unsign'): Promise<void> => {
      const path = `/payer/alipay/agreements/${agreementNo}/${gesture}`;
      expecting(await post(path, {}), [200], z.object({ status: z.string() }));
    },
    /** The channel's next matching event goes wrong in this way. */
    arm: async (fault: Fault, channel: Channel = 'wechat'): Promise<void> => {
      expecting(await post('/faults', { channel, fault, count: 1 }), [200], Armed);
    },
    /** Faults that still wait for their event. */
    armed: async (): Promise<readonly string[]> =>
      expecting(await get('/faults'), [200], Armed).armed.map(({ fault }) => fault),
    /** The very bytes WeChat offers as the trade bill of that date. */
    bill: async (date: string): Promise<Buffer> => {
      const answer = await send({ method: 'GET', url: new URL(`/statements/wechat/${date}/trade`, origin) });
      if (answer.status !== 200) throw new Stopped(`${answer.asked}: ${shown(answer)}`);
      return answer.bytes;
    },
  };
};
export type SandboxControl = ReturnType<typeof sandboxControl>;
