import { crc32, deflateRawSync } from 'node:zlib';

interface Member {
  /** Its bytes, in whatever encoding the reader is to expect. */
  readonly name: Buffer;
  readonly bytes: Buffer;
}

/** A date and a time of day as MS-DOS kept them, to two seconds. */
const stampOf = (time: string): number => {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = time.split(/\D/).map(Number);
  return ((((year - 1980) << 9) | (month << 5) | day) << 16) | (hour << 11) | (minute << 5) | (second >> 1);
};

/** What the local header and the central directory say alike: version 2.0, no flags (so the name is not UTF-8), deflated. */
const common = (member: Member, packed: Buffer, stamp: number): Buffer => {
  const head = Buffer.alloc(26);
  head.writeUInt16LE(20, 0);
  head.writeUInt16LE(8, 4);
  head.writeInt32LE(stamp, 6);
  head.writeUInt32LE(crc32(member.bytes), 10);
  head.writeUInt32LE(packed.length, 14);
  head.writeUInt32LE(member.bytes.length, 18);
  head.writeUInt16LE(member.name.length, 22);
  return head;
};

const LOCAL = Buffer.from('PK\x03\x04', 'latin1');
const CENTRAL = Buffer.from('PK\x01\x02', 'latin1');
const END = Buffer.from('PK\x05\x06', 'latin1');

const centralEntry = (head: Buffer, name: Buffer, offset: number): Buffer => {
  const madeBy = Buffer.from([20, 0]);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(offset, 10);
  return Buffer.concat([CENTRAL, madeBy, head, rest, name]);
};

/** A ZIP archive, written in one go. `time` is `2026-01-31 08:30:00`. @see APPNOTE.TXT 6.3.10, 4.3 */
export const archive = (members: readonly Member[], time: string): Buffer => {
  const stamp = stampOf(time);
  const [locals, centrals]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const member of members) {
    const packed = deflateRawSync(member.bytes);
    const head = common(member, packed, stamp);
    const local = Buffer.concat([LOCAL, head, member.name, packed]);
    locals.push(local);
    centrals.push(centralEntry(head, member.name, offset));
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, END, end]);
};
