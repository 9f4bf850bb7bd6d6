import { invariant } from '#kernel/failure.ts';
import { cached } from '#platform/cached.ts';

import type { ChannelAccount } from './account.ts';
import type { Channel, ChannelKind } from './channel.ts';
import type { Wallets } from './wallets.ts';

/** A channel account that can be called. */
export interface OpenAccount {
  readonly account: ChannelAccount;
  readonly kind: ChannelKind;
  readonly channel: Channel;
}
export type OpenChannel = (accountId: string) => Promise<OpenAccount>;

interface Deps {
  readonly account: (id: string) => Promise<ChannelAccount | undefined>;
  readonly channelKind: (name: string) => ChannelKind | undefined;
  readonly secretsOf: (accountId: string, kind: ChannelKind) => Promise<unknown>;
  readonly now: () => Date;
  /** What our own channel pays from. */
  readonly wallets?: Wallets;
}

/** Opens accounts by id. Kept for at most 30 s: reading keys out of PEM costs more than a call's own arithmetic. */
export const openChannels = ({ account: find, channelKind, secretsOf, now, wallets }: Deps): OpenChannel =>
  cached(async (id) => {
    const account = await find(id);
    invariant(account !== undefined, `there is no channel account ${id}`);
    const kind = channelKind(account.channel);
    invariant(kind !== undefined, `there is no channel ${account.channel}`);
    return { account, kind, channel: kind.open(account, await secretsOf(id, kind), now, wallets) };
  }, now);
