import { randomInt } from 'node:crypto';
import { beijingDate, beijingTime } from '../../beijing.ts';
import type { CallbackProtocol } from '../../postman.ts';
import { CHANNEL, nowOf, type Desk } from '../desk.ts';
import { signedParams } from './signature.ts';

/** 4m/10m/10m/1h/2h/6h/15h, 24 h 24 m in all. @see https://opendocs.alipay.com/open/203/105286 */
const WAIT_SECONDS = [240, 600, 600, 3600, 7200, 21_600, 54_000];

export const alipayCallbacks: CallbackProtocol = {
  waitSeconds: WAIT_SECONDS,
  timeoutMs: 5000,
  headers: () => ({ 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8', 'User-Agent': 'Mozilla/4.0' }),
  // Those seven letters and nothing else, whatever the status.
  acknowledged: (_status, body) => body === 'success',
};

/** What a letter says stays the same however often it is told, its id among it. */
const post = (
  desk: Desk,
  url: string | undefined,
  paramsOf: (id: string, now: number) => Readonly<Record<string, string>>,
): void => {
  if (url === undefined) return;
  const now = nowOf(desk);
  const serial = String(desk.books.nextSerial()).padStart(10, '0');
  const id = `${beijingDate(now).replaceAll('-', '')}00222${serial}${randomInt(100_000, 1_000_000)}`;
  const params = paramsOf(id, now);
  desk.postman.post(CHANNEL, {
    event_id: id,
    url,
    body: (forged) => signedParams(params, desk.issued, forged).toString(),
  });
};

/** Tells the merchant of a change of a trade. */
export const notify = (desk: Desk, url: string | undefined, about: Readonly<Record<string, string>>): void =>
  post(desk, url, (id, now) => ({
    notify_time: beijingTime(now),
    notify_type: 'trade_status_sync',
    notify_id: id,
    charset: 'utf-8',
    version: '1.0',
    app_id: desk.issued.app_id,
    auth_app_id: desk.issued.app_id,
    seller_id: desk.issued.seller_id,
    ...about,
  }));

/** Tells it of a change of money that is neither a payment nor a refund: a message of the gateway. */
export const notifyOfFunds = (desk: Desk, url: string | undefined, about: Readonly<Record<string, string>>): void =>
  post(desk, url, (id, now) => ({
    notify_id: id,
    utc_timestamp: String(now),
    msg_method: 'alipay.fund.trans.order.changed',
    app_id: desk.issued.app_id,
    charset: 'UTF-8',
    version: '1.1',
    biz_content: JSON.stringify(about),
  }));
