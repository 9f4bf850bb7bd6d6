import * as z from 'zod';

import { Method } from '#channels/channel.ts';
import { Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf } from '#kernel/id.ts';

/** 支付产品编码: the app's own name of a product. */
export const ProductCode = z.string().regex(/^[0-9A-Za-z._-]{1,64}$/);

/** 业务类型, such as `goods` or `virtual_goods`: what is sold, by which methods are excluded. */
export const BusinessType = z.string().regex(/^[0-9a-z_]{1,32}$/);

/** What payers read, in both languages of the page. */
const Text = z.strictObject({ zh: z.string().min(1).max(64), en: z.string().min(1).max(64) });

/** 满减 and the like: shown beside the method while it lasts. `until` is the first instant at which it is over. */
export const Promotion = z
  .strictObject({ text: Text, from: Instant, until: Instant })
  .refine(({ from, until }) => from < until, { path: ['until'], message: 'ends before it begins' });

export const OfferedMethod = z.strictObject({
  method: Method,
  display_name: Text,
  /** The name of an icon that the page has: never an address, the page fetches nothing from elsewhere. */
  icon: z
    .string()
    .regex(/^[0-9a-z_-]{1,32}$/)
    .optional(),
  promotion: Promotion.optional(),
});
export type OfferedMethod = z.infer<typeof OfferedMethod>;

const areDistinct = (methods: readonly OfferedMethod[]) =>
  new Set(methods.map(({ method }) => method)).size === methods.length;

/**
 * 收银台配置: which methods a payer of one product of one app may choose from, in this order. Its id follows from the app and
 * the product code, so that one read finds it.
 */
export const CashierProfile = z.strictObject({
  id: IdOf('prd'),
  app_id: IdOf('app'),
  product_code: ProductCode,
  name: z.string().min(1).max(64),
  status: z.enum(['active', 'disabled']),
  app_type: z.enum(['H5', 'PC', 'SDK', 'POS']),
  business_type: BusinessType,
  /** 来源平台 and 终端类型, in the app's own words. */
  source: z.string().min(1).max(32).optional(),
  terminal_type: z.string().min(1).max(32).optional(),
  methods: z.array(OfferedMethod).min(1).max(30).refine(areDistinct, 'a method is named twice'),
  /** Methods that are not offered for a business type: virtual goods exclude credit, for one. */
  exclusions: z
    .array(z.strictObject({ business_type: BusinessType, method: Method }))
    .max(100)
    .default([]),
  /** Before this instant the page does as if there were no profile. */
  effective_from: Instant.optional(),
});
export type CashierProfile = z.infer<typeof CashierProfile>;

export const profileId = (appId: string, productCode: string): CashierProfile['id'] =>
  derivedId('prd', appId, productCode);

/** A profile that is not in force is as good as none. */
export const isInForce = ({ status, effective_from }: CashierProfile, now: Date): boolean =>
  status === 'active' && (effective_from === undefined || effective_from <= now);
