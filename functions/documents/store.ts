import { GetObjectCommand, HeadObjectCommand, NotFound, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

import { goodForSeconds, type Document, type DocumentView, type Upload } from './document.ts';

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

/** What an address to send a file to is good for. */
interface Sent {
  readonly key: string;
  readonly content_type: string;
  readonly size: number;
  readonly sha256: string;
}

/** Files that people send to the bucket by themselves: the platform signs an address, and looks at what has come. */
export const documentStore = (s3: S3Client, bucket: string, now: () => Date) => {
  /**
   * An address for exactly this file: its size, its type, its digest, and that nothing stands there yet, are signed. S3 holds the
   * bytes against the digest and refuses what is none of it.
   */
  const uploadOf = async ({ key, content_type, size, sha256 }: Sent): Promise<Upload> => {
    const headers = {
      'content-type': content_type,
      'content-length': String(size),
      'if-none-match': '*',
      'x-amz-checksum-sha256': base64(sha256),
    };
    const asked = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      ContentType: content_type,
      ContentLength: size,
      ChecksumSHA256: base64(sha256),
      IfNoneMatch: '*',
    });
    const signed = new Set(Object.keys(headers));
    const url = await getSignedUrl(s3, asked, {
      expiresIn: goodForSeconds,
      // As headers of the request, never moved into the address: what is only there is not held against the request.
      signableHeaders: new Set([...signed, 'host']),
      unhoistableHeaders: signed,
    });
    return { method: 'PUT', url, headers, expires_at: new Date(now().getTime() + goodForSeconds * 1_000) };
  };

  /** Whether its object is there, of that size and with that digest. */
  const isFiled = async ({ key, size, sha256 }: Document): Promise<boolean> => {
    try {
      const found = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' }));
      return found.ContentLength === size && found.ChecksumSHA256 === base64(sha256);
    } catch (error) {
      if (error instanceof NotFound) return false;
      throw error;
    }
  };

  /** An address to read it. It is handed over as a file: whatever is in it, no browser runs it. */
  const urlOf = ({ key, name, content_type }: Document): Promise<string> =>
    getSignedUrl(
      s3,
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ResponseContentType: content_type,
        ResponseContentDisposition: `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      }),
      { expiresIn: goodForSeconds },
    );

  return {
    uploadOf,
    isFiled,

    /** As it stands now. */
    async shown(document: Document): Promise<DocumentView> {
      const { key: _, ...rest } = document;
      const filed = await isFiled(document);
      return { ...rest, filed, url: filed ? await urlOf(document) : null };
    },
  };
};
export type DocumentStore = ReturnType<typeof documentStore>;
