const decoder = new TextDecoder('gb18030');

/** Of two-byte characters: this platform decodes GBK and cannot write it. */
const codes = new Map<string, Buffer>();
for (let lead = 0x81; lead <= 0xfe; lead += 1)
  for (let trail = 0x40; trail <= 0xfe; trail += 1) {
    const bytes = Buffer.from([lead, trail]);
    const text = decoder.decode(bytes);
    if (trail !== 0x7f && Array.from(text).length === 1 && text !== '\uFFFD' && !codes.has(text))
      codes.set(text, bytes);
  }

export const isInGbk = (text: string) =>
  Array.from(text).every((character) => character <= '\x7f' || codes.has(character));

export const gbk = (text: string): Buffer =>
  Buffer.concat(
    Array.from(text).map((character) => {
      const bytes = character <= '\x7f' ? Buffer.from(character) : codes.get(character);
      if (!bytes) throw new Error(`${character} is not in GBK`);
      return bytes;
    }),
  );
