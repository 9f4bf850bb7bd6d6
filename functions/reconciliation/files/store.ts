import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

/** An object that is there; its bytes are read only when they are asked for, or given up. */
export interface FoundObject {
  readonly size: number;
  readonly etag: string;
  readonly bytes: () => Promise<Buffer>;
  readonly discard: () => void;
}

/** What reconciliation reads and keeps in the bucket of statements. */
export const fileStore = (s3: S3Client, bucket: string) => {
  const find = async (key: string, range?: string): Promise<FoundObject | undefined> => {
    try {
      const answer = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: range }));
      const { Body, ContentLength = 0, ETag = '' } = answer;
      return {
        size: ContentLength,
        etag: ETag,
        bytes: async () => Buffer.from((await Body?.transformToByteArray()) ?? []),
        discard: () => void (Body && 'destroy' in Body && Body.destroy()),
      };
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  };

  const read = async (key: string, range?: string): Promise<Buffer> => {
    const found = await find(key, range);
    if (!found) throw new Error(`${key} is not there`);
    return found.bytes();
  };

  return {
    find: (key: string) => find(key),
    read: (key: string) => read(key),

    /** At most `length` bytes from `offset`, which must lie within the object. */
    readFrom: (key: string, offset: number, length: number) => read(key, `bytes=${offset}-${offset + length - 1}`),

    async write(key: string, bytes: Buffer): Promise<void> {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }));
    },

    /** The object under a prefix that was written last. */
    async newest(prefix: string): Promise<string | undefined> {
      let newest: { key: string; at: number } | undefined;
      let after: string | undefined;
      do {
        const { Contents, NextContinuationToken } = await s3.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: after }),
        );
        for (const { Key = '', LastModified } of Contents ?? []) {
          const at = LastModified?.getTime() ?? 0;
          if (!Key.endsWith('/') && (!newest || at >= newest.at)) newest = { key: Key, at };
        }
        after = NextContinuationToken;
      } while (after !== undefined);
      return newest?.key;
    },
  };
};
export type FileStore = ReturnType<typeof fileStore>;
