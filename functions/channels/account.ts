import * as z from 'zod';

import { FeeRule } from '#clearing/fee-plan.ts';
import { TimeZone } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { Breaker } from '#routing/health.ts';

import { Method } from './channel.ts';

/** 渠道账户: our account with a channel. `settings` are the channel's own and are checked by its adapter. */
export const ChannelAccount = z.strictObject({
  id: IdOf('chn'),
  channel: z.string().regex(/^[a-z_]{2,32}$/),
  name: z.string().min(1).max(64),
  /** 共享: the platform collects. 自有 (`own`) is refused until it is modelled. */
  ownership: z.enum(['shared', 'own']),
  /** `draining` takes no new attempts but finishes what it has; `disabled` is not routed to either. */
  status: z.enum(['enabled', 'draining', 'disabled']),
  methods: z.array(Method).min(1),
  /** Of its business dates: where its days are cut. */
  time_zone: TimeZone.default('Asia/Shanghai'),
  /** What the channel charges us. */
  cost: FeeRule,
  /** When it is given no more payments because it does not answer; without it, as usual. */
  breaker: Breaker.optional(),
  settings: z.record(z.string(), z.unknown()),
});
export type ChannelAccount = z.infer<typeof ChannelAccount>;
