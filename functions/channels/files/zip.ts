import { crc32 } from 'node:zlib';

import yauzl from 'yauzl';

import { StatementError } from '#channels/statement.ts';

import { sizeLimit } from './lines.ts';

/** More members than any statement has are no statement. */
const memberLimit = 8;

export interface Member {
  readonly name: string;
  readonly bytes: Buffer;
}

export const isZip = (bytes: Buffer) => bytes.subarray(0, 2).toString('latin1') === 'PK';

const damaged = (reason: string) => new StatementError(1, `the archive ${reason}`);

/** Bit 11 says UTF-8. Without it channels write names in GBK, which no bit says. */
const isUtf8 = ({ generalPurposeBitFlag }: yauzl.Entry) => (generalPurposeBitFlag & 0x800) !== 0;
const utf8 = new TextDecoder('utf-8', { fatal: true });
const gbk = new TextDecoder('gb18030', { fatal: true });

const nameOf = (entry: yauzl.Entry): string => {
  const name = (isUtf8(entry) ? utf8 : gbk).decode(entry.fileNameRaw);
  const complaint = yauzl.validateFileName(name);
  if (complaint !== null) throw damaged('holds a name that is no name of a file');
  return name;
};

/** Reads at most what the directory says, and the limit before that: what claims to be small cannot grow. */
const contentOf = async (archive: yauzl.ZipFile, entry: yauzl.Entry): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of await archive.openReadStreamPromise(entry)) chunks.push(Buffer.from(chunk));
  const bytes = Buffer.concat(chunks);
  // The reader checks sizes and not this: a flipped byte of a stored member would go unseen.
  if (crc32(bytes) !== entry.crc32) throw damaged('is damaged: the checksum of a member does not match');
  return bytes;
};

const membersOf = async (bytes: Buffer): Promise<Member[]> => {
  const archive = await yauzl.fromBufferPromise(bytes, { decodeStrings: false });
  if (archive.entryCount > memberLimit) throw damaged(`holds more than ${memberLimit} files`);
  const members: Member[] = [];
  let size = 0;
  for await (const entry of archive.eachEntry()) {
    size += entry.uncompressedSize;
    if (size > sizeLimit) throw damaged('is larger than 64 MB when unpacked');
    members.push({ name: nameOf(entry), bytes: await contentOf(archive, entry) });
  }
  return members;
};

/** Every member of an archive, whole and as it was packed; nothing of one that is damaged, cut short or too large. */
export const unzipped = async (bytes: Buffer): Promise<Member[]> => {
  try {
    return await membersOf(bytes);
  } catch (error) {
    if (error instanceof StatementError) throw error;
    throw damaged('cannot be opened: it is damaged or was cut short');
  }
};
