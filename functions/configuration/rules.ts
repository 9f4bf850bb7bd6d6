import { createPublicKey } from 'node:crypto';

import type { ChannelAccount } from '#channels/account.ts';
import { Method, type ChannelKind } from '#channels/channel.ts';
import { profileId, type CashierProfile } from '#cashier/profile.ts';
import type { FeePlan, FeeRule } from '#clearing/fee-plan.ts';
import type { App, AppKey } from '#merchants/app.ts';
import { mayBecome, type Merchant } from '#merchants/merchant.ts';
import { urlAllowed } from '#notifications/endpoints/url.ts';
import { riskRulesId, type RiskRules } from '#risk/rules.ts';
import { routingRulesId, type RoutingRules } from '#routing/rules.ts';
import type { SettlementPlan } from '#settlement/plan.ts';

import type { StoreCode } from '#store-codes/store-code.ts';

import type { Kind, Row } from './document.ts';

/** What is wrong with a row, and where. */
export interface Complaint {
  readonly pointer: string;
  readonly detail: string;
  /** Well said, but not something that we can do yet. */
  readonly unsupported?: true;
}

/** A row that must be there before another may name it. */
export interface Reference {
  readonly pointer: string;
  readonly kind: Kind;
  readonly id: string;
}

/** What a deployment has and allows. */
export interface Ground {
  readonly channelKind: (name: string) => ChannelKind | undefined;
  readonly loopbackAllowed: boolean;
}

/** What is asked of the rows of one kind beside their schema, whoever writes them. */
export interface Rules {
  /** Members that never change once they are there: other rows rely on them. */
  readonly fixed: readonly string[];
  /** Members that begin so, and that the console changes by an operation of their own, never with the row. */
  readonly elsewhere?: Readonly<Record<string, string>>;
  /** Members that, as the row stands, only two people change together, and by which approval. */
  reviewed?(this: void, before: Row): Readonly<Record<string, string>>;
  // Methods, so that the rules of a kind may ask for its rows: whoever calls them has parsed the row by the schema of the kind.
  references(this: void, row: Row): Reference[];
  complaints(this: void, row: Row, ground: Ground, before: Row | undefined): Complaint[];
}

const complainIf = (wrong: boolean, pointer: string, detail: string): Complaint[] =>
  wrong ? [{ pointer, detail }] : [];

const addressComplaints = (pointer: string, address: string | undefined, ground: Ground) =>
  complainIf(
    address !== undefined && !urlAllowed(address, ground),
    pointer,
    'this address is not allowed: https to a public host',
  );

/** Every setting that is an address is one that we shall call. */
const isAddress = (value: unknown): value is string => typeof value === 'string' && /^https?:/i.test(value);

/** No part of a fee is negative, and its bounds have room between them: a plan must not be able to pay merchants. */
const feeComplaints = (pointer: string, { fixed, min, max }: FeeRule): Complaint[] => [
  ...complainIf(fixed < 0n, `${pointer}/fixed`, 'at least 0'),
  ...complainIf(min < 0n, `${pointer}/min`, 'at least 0'),
  ...complainIf(max !== undefined && max < min, `${pointer}/max`, 'at least as much as min'),
];

/** A method that is misspelt would be charged by default, and nobody would be told. */
const planComplaints = (plan: FeePlan): Complaint[] => [
  ...feeComplaints('/default', plan.default),
  ...Object.entries(plan.methods).flatMap(([method, rule]) => [
    ...complainIf(!Method.safeParse(method).success, `/methods/${method}`, 'there is no such method'),
    ...feeComplaints(`/methods/${method}`, rule),
  ]),
];

const accountComplaints = (account: ChannelAccount, ground: Ground): Complaint[] => {
  const kind = ground.channelKind(account.channel);
  if (!kind) return [{ pointer: '/channel', detail: 'there is no such channel' }];
  const settings = kind.settings.safeParse(account.settings);
  return [
    ...(account.ownership === 'own'
      ? [
          {
            pointer: '/ownership',
            detail: 'own accounts are not supported yet: the platform collects',
            unsupported: true as const,
          },
        ]
      : []),
    ...(settings.error?.issues ?? []).map(({ path, message }) => ({
      pointer: ['/settings', ...path.map(String)].join('/'),
      detail: message,
    })),
    ...feeComplaints('/cost', account.cost),
    ...account.methods.flatMap((method, index) =>
      complainIf(!kind.capabilities.methods.includes(method), `/methods/${index}`, 'the channel has no such method'),
    ),
    ...Object.entries(account.settings).flatMap(([name, value]) =>
      isAddress(value) ? addressComplaints(`/settings/${name}`, value, ground) : [],
    ),
  ];
};

const rsaBits = 2_048;

/** A public key of the algorithm that it is said to be of; never a private one, which would be kept and shown. */
const isPublicKey = (pem: string, alg: 'ed25519' | 'rsa-v1_5-sha256'): boolean => {
  if (!/^\s*-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----\s*$/.test(pem)) return false;
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPublicKey(pem);
    return alg === 'ed25519' ? type === 'ed25519' : type === 'rsa' && (details?.modulusLength ?? 0) >= rsaBits;
  } catch {
    return false;
  }
};

const keyComplaints = (key: AppKey, before: AppKey | undefined): Complaint[] => [
  ...complainIf(
    key.alg !== 'hmac-sha256' && !isPublicKey(key.public_key_pem, key.alg),
    '/public_key_pem',
    `not the PEM (SubjectPublicKeyInfo) of a public ${key.alg === 'ed25519' ? 'Ed25519' : 'RSA'} key of enough bits`,
  ),
  ...complainIf(
    before?.not_after !== undefined && (key.not_after === undefined || key.not_after > before.not_after),
    '/not_after',
    'the end of a key may be brought forward, not put off: make a new key',
  ),
];

const named = (pointer: string, kind: Kind, ids: readonly string[]): Reference[] =>
  ids.map((id, index) => ({ pointer: `${pointer}/${index}`, kind, id }));

const optionally = (pointer: string, kind: Kind, id: string | undefined): Reference[] =>
  id === undefined ? [] : [{ pointer, kind, id }];

const ofApp = (id: string | undefined): Reference[] => optionally('/app_id', 'app', id);

const planned = ['fee_plan_id', 'settlement_plan_id'] as const;

/** Whoever has been active has money that is charged and settled by them. */
const needsPlans = ({ status }: Merchant): boolean => ['active', 'suspended', 'closed'].includes(status);

const plain: Rules = { fixed: [], references: () => [], complaints: () => [] };

export const rules: Readonly<Record<Kind, Rules>> = {
  fee_plan: { ...plain, complaints: planComplaints },
  settlement_plan: {
    ...plain,
    references: ({ payout_account_id: id }: SettlementPlan) =>
      id === undefined ? [] : [{ pointer: '/payout_account_id', kind: 'channel_account', id }],
    complaints: ({ payout, payout_route, payout_account_id }: SettlementPlan) => [
      ...complainIf(
        payout_route === 'offline' && payout_account_id === undefined,
        '/payout_account_id',
        'say from which account finance transfers',
      ),
      ...complainIf(
        payout_route === 'offline' && payout === 'auto',
        '/payout',
        'nothing transfers by itself at a bank',
      ),
    ],
  },
  app: { ...plain, complaints: (app: App, ground) => addressComplaints('/notify_url', app.notify_url, ground) },
  key: {
    fixed: ['app_id', 'alg', 'public_key_pem', 'not_before'],
    references: ({ app_id }: AppKey) => [{ pointer: '/app_id', kind: 'app', id: app_id }],
    complaints: (key: AppKey, _, before: AppKey | undefined) => keyComplaints(key, before),
  },
  channel_account: { ...plain, fixed: ['channel', 'time_zone'], complaints: accountComplaints },
  routing_rules: {
    fixed: ['app_id'],
    references: ({ app_id, rules: list }: RoutingRules) => [
      ...ofApp(app_id),
      ...list.flatMap(({ prefer, exclude }, at) => [
        ...named(
          `/rules/${at}/prefer`,
          'channel_account',
          prefer.map((each) => each.channel_account_id),
        ),
        ...named(`/rules/${at}/exclude`, 'channel_account', exclude),
      ]),
    ],
    complaints: ({ id, app_id, rules: list }: RoutingRules) => [
      ...complainIf(id !== routingRulesId(app_id), '/id', 'not the id that follows from the app'),
      ...list.flatMap(({ only, prefer }, at) =>
        complainIf(only && prefer.length === 0, `/rules/${at}/only`, 'only what is preferred, and nothing is'),
      ),
    ],
  },
  risk_rules: {
    fixed: ['app_id'],
    references: ({ app_id }: RiskRules) => ofApp(app_id),
    complaints: ({ id, app_id, engine }: RiskRules, ground) => [
      ...complainIf(id !== riskRulesId(app_id), '/id', 'not the id that follows from the app'),
      ...addressComplaints('/engine/url', engine?.url, ground),
    ],
  },
  merchant: {
    fixed: ['app_id'],
    elsewhere: { status: 'applied' },
    // Whoever changed it alone could have a merchant's money paid to themselves.
    reviewed: ({ status }: Merchant): Readonly<Record<string, string>> =>
      status === 'applied' ? {} : { payout_account: 'change_payout_account' },
    references: (merchant: Merchant) => [
      { pointer: '/app_id', kind: 'app', id: merchant.app_id },
      ...optionally('/fee_plan_id', 'fee_plan', merchant.fee_plan_id),
      ...optionally('/settlement_plan_id', 'settlement_plan', merchant.settlement_plan_id),
      ...named('/channel_account_ids', 'channel_account', merchant.channel_account_ids),
    ],
    complaints: (merchant: Merchant, _, before: Merchant | undefined) => [
      ...complainIf(
        before !== undefined && !mayBecome(before.status, merchant.status),
        '/status',
        `a merchant that is ${before?.status} does not become ${merchant.status}`,
      ),
      ...planned.flatMap((name) =>
        complainIf(
          needsPlans(merchant) && merchant[name] === undefined,
          `/${name}`,
          `a merchant that is ${merchant.status} has one`,
        ),
      ),
    ],
  },
  store_code: {
    // What is printed stands on a counter for years: it never begins to be somebody else's.
    fixed: ['app_id', 'merchant_id'],
    references: ({ app_id, merchant_id, product_code }: StoreCode) => [
      ...ofApp(app_id),
      { pointer: '/merchant_id', kind: 'merchant', id: merchant_id },
      { pointer: '/product_code', kind: 'cashier_profile', id: profileId(app_id, product_code) },
    ],
    complaints: ({ amount_min, amount_max }: StoreCode) =>
      complainIf(amount_max < amount_min, '/amount_max', 'at least as much as amount_min'),
  },
  cashier_profile: {
    fixed: ['app_id', 'product_code'],
    references: ({ app_id }: CashierProfile) => [{ pointer: '/app_id', kind: 'app', id: app_id }],
    complaints: ({ id, app_id, product_code, effective_from, scheduled }: CashierProfile) => [
      ...complainIf(id !== profileId(app_id, product_code), '/id', 'not the id that follows from app and product code'),
      ...complainIf(
        effective_from !== undefined && scheduled?.some((later) => later.effective_from <= effective_from) === true,
        '/scheduled',
        'what is scheduled begins after the profile itself',
      ),
    ],
  },
};
