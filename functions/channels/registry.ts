import { alipay } from './alipay/channel.ts';
import { bank } from './bank/channel.ts';
import type { ChannelKind } from './channel.ts';
import { internal } from './internal/channel.ts';
import { lakala } from './lakala/channel.ts';
import { unionpay } from './unionpay/channel.ts';
import { wechat } from './wechat/channel.ts';

/** Every kind of channel there is. Nothing else imports a concrete one. */
export const channelKinds: ReadonlyMap<string, ChannelKind> = new Map(
  [internal, bank, wechat, alipay, unionpay, lakala].map((kind) => [kind.name, kind]),
);

export const channelKind = (name: string): ChannelKind => {
  const kind = channelKinds.get(name);
  if (!kind) throw new Error(`no channel is called ${name}`);
  return kind;
};
