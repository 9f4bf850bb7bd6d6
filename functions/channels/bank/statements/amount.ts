/** Minor units that ISO 4217 gives these currencies; all others have two. What a runtime shows of a currency is another question. */
const decimals = new Map<string, number>([
  ...'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'.split(' ').map((code) => [code, 0] as const),
  ...'BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3] as const),
]);

const written = { ',': /^(\d{1,13})(?:,(\d{0,5}))?$/, '.': /^(\d{1,13})(?:\.(\d{1,5}))?$/ } as const;

/** A magnitude as a bank writes it, exactly, in minor units; nothing for what is no amount of this currency. */
export const minorUnits = (text: string, currency: string, point: ',' | '.'): bigint | undefined => {
  const found = written[point].exec(text);
  const places = decimals.get(currency) ?? 2;
  const fraction = (found?.[2] ?? '').replace(/0+$/, '');
  if (!found || fraction.length > places) return undefined;
  return BigInt(`${found[1]}${fraction.padEnd(places, '0')}`);
};
