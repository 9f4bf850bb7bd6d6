/** Node decodes GBK and does not encode it: the table is read off the decoder once, two bytes at a time. */
const tableOf = (): ReadonlyMap<string, number> => {
  const decoder = new TextDecoder('gb18030');
  const table = new Map<string, number>();
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      if (trail === 0x7f) continue;
      const sign = decoder.decode(Uint8Array.of(lead, trail));
      // The private use area is where GBK keeps what it has no character for.
      if (sign.length === 1 && sign !== '\uFFFD' && !/[\uE000-\uF8FF]/.test(sign)) table.set(sign, lead * 256 + trail);
    }
  }
  return table;
};

let table: ReadonlyMap<string, number> | undefined;

/** What GBK cannot say becomes a question mark, as in real files. */
export const gbk = (text: string): Buffer => {
  table ??= tableOf();
  const known = table;
  return Buffer.from(
    Array.from(text).flatMap((sign) => {
      const code = sign.codePointAt(0) ?? 0;
      if (code < 0x80) return [code];
      const pair = known.get(sign);
      return pair === undefined ? [0x3f] : [pair >> 8, pair & 0xff];
    }),
  );
};
