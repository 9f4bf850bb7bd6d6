/** List prices in dollars, of a region such as eu-central-1. */
export const prices = {
  httpApiRequest: 1 / 1e6,
  lambdaRequest: 0.2 / 1e6,
  lambdaGbSecond: 0.000_013_333_4,
  writeUnit: 0.625 / 1e6,
  readUnit: 0.125 / 1e6,
  sqsRequest: 0.4 / 1e6,
  event: 1 / 1e6,
  logGb: 0.5,
} as const;

export interface Used {
  readonly httpRequests: number;
  readonly invocations: number;
  readonly gbSeconds: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly sqsRequests: number;
  readonly events: number;
  readonly logBytes: number;
}

/** What a million of these would cost, in dollars, by what it is spent on. */
export const perMillion = (used: Used): Record<string, number> => {
  const each = {
    'HTTP API': used.httpRequests * prices.httpApiRequest,
    Lambda: used.invocations * prices.lambdaRequest + used.gbSeconds * prices.lambdaGbSecond,
    DynamoDB: used.writeUnits * prices.writeUnit + used.readUnits * prices.readUnit,
    SQS: used.sqsRequests * prices.sqsRequest,
    EventBridge: used.events * prices.event,
    Logs: (used.logBytes / 1e9) * prices.logGb,
  };
  return Object.fromEntries(Object.entries(each).map(([what, dollars]) => [what, dollars * 1e6]));
};

/** Bytes that DynamoDB charges for an item as its JSON shows it: names, texts, numbers, and what structures add. */
export const sizeOf = (value: unknown): number => {
  if (value === null || typeof value === 'boolean') return 1;
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(Math.abs(value)).replace('.', '').length / 2) + 1;
  if (Array.isArray(value)) return 3 + value.reduce<number>((total, each) => total + 1 + sizeOf(each), 0);
  return (
    3 +
    Object.entries(Object(value)).reduce((total, [name, each]) => total + Buffer.byteLength(name) + 1 + sizeOf(each), 0)
  );
};

/** A write unit is 1 KB of an item, a transaction takes two for each. */
export const writeUnits = (bytes: number, inTransaction: boolean): number =>
  Math.max(1, Math.ceil(bytes / 1_024)) * (inTransaction ? 2 : 1);
