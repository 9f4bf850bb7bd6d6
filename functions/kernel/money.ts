import * as z from 'zod';

/*
 * Money is a bigint of minor units (fen for CNY) with its currency beside it. There is no way to make one from a float:
 * `amount * 0.006` does not compile, so every rounding is one of the named decisions below.
 */

/** ISO 4217. */
export const Currency = z.string().regex(/^[A-Z]{3}$/);
export type Currency = z.infer<typeof Currency>;

const minorUnits = { decode: (minor: number) => BigInt(minor), encode: (minor: bigint) => Number(minor) };

/** What somebody pays: 1 … 10,000,000,000 minor units, an integer on the wire and in rows. */
export const Amount = z.codec(z.int().min(1).max(10_000_000_000), z.bigint(), minorUnits);

/** An amount above which something is asked for; nought: always. */
export const Threshold = z.codec(z.int().min(0).max(10_000_000_000), z.bigint(), minorUnits);

/** A total, a fee, a difference: any exact integer of minor units. */
export const Sum = z.codec(z.int(), z.bigint(), minorUnits);

/** `part` of `whole`, applied to `amount`, half up. All are magnitudes: refuse the sign, do not guess its rounding. */
export const proportion = (amount: bigint, part: bigint, whole: bigint): bigint => {
  if (amount < 0n || part < 0n || whole <= 0n) throw new RangeError('a proportion is of something, by someone');
  return (2n * amount * part + whole) / (2n * whole);
};

/** A rate in parts per million of the amount, half up. */
export const atRate = (amount: bigint, ppm: number): bigint => proportion(amount, BigInt(ppm), 1_000_000n);

export const sum = (amounts: Iterable<bigint>): bigint => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
};

export const least = (...amounts: [bigint, ...bigint[]]): bigint => amounts.reduce((a, b) => (b < a ? b : a));
export const greatest = (...amounts: [bigint, ...bigint[]]): bigint => amounts.reduce((a, b) => (b > a ? b : a));
