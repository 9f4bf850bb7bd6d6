import { crc32, deflateRawSync } from 'node:zlib';

interface ZipMember {
  readonly name: string | Buffer;
  readonly bytes: Buffer;
  readonly stored?: boolean;
  /** What the directory claims instead of the truth. */
  readonly claimed?: { readonly size?: number; readonly crc?: number; readonly flags?: number };
}

const uint = (value: number, length: 2 | 4) => {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntLE(value, 0, length);
  return bytes;
};

/** An archive as Alipay makes them: names as given, in GBK without saying so, no extra fields. */
export const zip = (members: readonly ZipMember[]): Buffer => {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, stored = false, claimed = {} } of members) {
    const packed = stored ? bytes : deflateRawSync(bytes);
    const encoded = Buffer.from(name);
    const common = [
      uint(20, 2),
      uint(claimed.flags ?? 0, 2),
      uint(stored ? 0 : 8, 2),
      uint(0, 2),
      uint(0x5c21, 2),
      uint(claimed.crc ?? crc32(bytes), 4),
      uint(packed.length, 4),
      uint(claimed.size ?? bytes.length, 4),
      uint(encoded.length, 2),
      uint(0, 2),
    ];
    const local = Buffer.concat([uint(0x04034b50, 4), ...common, encoded, packed]);
    const rest = [uint(0, 2), uint(0, 2), uint(0, 2), uint(0, 4), uint(offset, 4), encoded];
    directory.push(Buffer.concat([uint(0x02014b50, 4), uint(20, 2), ...common, ...rest]));
    parts.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = [uint(0x06054b50, 4), uint(0, 4), uint(members.length, 2), uint(members.length, 2)];
  return Buffer.concat([...parts, listed, ...end, uint(listed.length, 4), uint(offset, 4), uint(0, 2)]);
};
