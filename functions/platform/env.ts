/** Every variable that infrastructure gives a function. Both sides take the name from here, so that none can be misspelt. */
export type Variable =
  | 'ORDERS_TABLE'
  | 'BOOKS_TABLE'
  | 'CONFIG_TABLE'
  | 'NOTICES_QUEUE'
  | 'NOTICES_DEAD_LETTERS'
  | 'LOOKS_QUEUE'
  | 'BUS'
  | 'STATEMENTS_BUCKET'
  | 'APP_SECRETS'
  | 'CHANNEL_SECRETS'
  | 'CASHIER_KEY'
  | 'BATCH_MACHINE'
  | 'SETTLEMENT_MACHINE'
  /** The origin under which channels and apps reach the API. */
  | 'PUBLIC_URL'
  /** The name of the claim of a token that lists an operator's roles. */
  | 'ROLES_CLAIM'
  /** `yes` where http and loopback addresses are allowed for webhooks and channels: on one machine, never in AWS. */
  | 'LOOPBACK_ALLOWED';

export type Environment = Partial<Record<Variable, string>>;

export const env = (name: Variable): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`the function was deployed without ${name}`);
  return value;
};
