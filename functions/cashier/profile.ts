import * as z from 'zod';

import { ChosenMethod } from '#channels/channel.ts';
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
  method: ChosenMethod,
  display_name: Text,
  /** The name of an icon that the page has: never an address, the page fetches nothing from elsewhere. */
  icon: z
    .string()
    .regex(/^[0-9a-z_-]{1,32}$/)
    .optional(),
  promotion: Promotion.optional(),
});
export type OfferedMethod = z.infer<typeof OfferedMethod>;

/** What a payer is shown; and whether anything is. */
const content = {
  status: z.enum(['active', 'disabled']),
  app_type: z.enum(['H5', 'PC', 'SDK', 'POS']),
  business_type: BusinessType,
  /** 来源平台 and 终端类型, in the app's own words. */
  source: z.string().min(1).max(32).optional(),
  terminal_type: z.string().min(1).max(32).optional(),
};

const areDistinct = (methods: readonly OfferedMethod[]) =>
  new Set(methods.map(({ method }) => method)).size === methods.length;

const methods = z.array(OfferedMethod).min(1).max(30).refine(areDistinct, 'a method is named twice');
/** Methods that are not offered for a business type: virtual goods exclude credit, for one. */
const exclusions = z.array(z.strictObject({ business_type: BusinessType, method: ChosenMethod })).max(100);

/** What takes over at its instant, whole. */
const Version = z.strictObject({ ...content, methods, exclusions: exclusions.default([]), effective_from: Instant });

const follow = (versions: readonly { readonly effective_from: Date }[]) =>
  versions.every(
    ({ effective_from }, at) => at === 0 || (versions[at - 1]?.effective_from ?? effective_from) < effective_from,
  );

/**
 * 收银台配置: which methods a payer of one product of one app may choose from, in this order. Its id follows from the app and
 * the product code, so that one read finds it.
 */
export const CashierProfile = z.strictObject({
  id: IdOf('prd'),
  app_id: IdOf('app'),
  product_code: ProductCode,
  name: z.string().min(1).max(64),
  ...content,
  methods,
  exclusions: exclusions.default([]),
  /** Before this instant the page does as if there were no profile. */
  effective_from: Instant.optional(),
  /** What is to be shown later, by when it begins: nobody needs to be awake then. */
  scheduled: z.array(Version).max(10).refine(follow, 'each begins after the one before it').optional(),
});
export type CashierProfile = z.infer<typeof CashierProfile>;

export const profileId = (appId: string, productCode: string): CashierProfile['id'] =>
  derivedId('prd', appId, productCode);

/** The version that stands at an instant. */
export const versionAt = (profile: CashierProfile, at: Date): CashierProfile => {
  const begun = profile.scheduled?.findLast(({ effective_from }) => effective_from <= at);
  return begun ? { ...profile, ...begun } : profile;
};

/** What payers are shown at an instant: a profile that is not in force is as good as none. */
export const inForce = (profile: CashierProfile | undefined, at: Date): CashierProfile | undefined => {
  const version = profile && versionAt(profile, at);
  if (version?.status !== 'active') return undefined;
  return version.effective_from === undefined || version.effective_from <= at ? version : undefined;
};
