import type { ObjectStore, StoredObject } from './object-store.ts';
import { writeXml } from './s3-xml.ts';

const mostKeys = 1000;
const lastLetter = '\u{10FFFF}';

interface Page {
  readonly contents: StoredObject[];
  readonly prefixes: string[];
  readonly next?: string;
}

/** Keys up to a delimiter are folded into their common prefix, and the search goes on behind it. */
const page = (
  store: ObjectStore,
  bucket: string,
  query: { prefix: string; delimiter: string; after: string; most: number },
): Page => {
  const contents: StoredObject[] = [];
  const prefixes: string[] = [];
  let { after } = query;
  while (contents.length + prefixes.length < query.most) {
    const found = store.list(bucket, query.prefix, after, query.delimiter === '' ? query.most : 1);
    if (found.length === 0) return { contents, prefixes };
    for (const object of found.slice(0, query.most - contents.length - prefixes.length)) {
      const cut = query.delimiter === '' ? -1 : object.key.indexOf(query.delimiter, query.prefix.length);
      const folded = cut < 0 ? undefined : object.key.slice(0, cut + query.delimiter.length);
      if (folded === undefined) contents.push(object);
      else prefixes.push(folded);
      after = folded === undefined ? object.key : folded + lastLetter;
    }
  }
  const hasMore = query.most > 0 && store.list(bucket, query.prefix, after, 1).length > 0;
  return { contents, prefixes, ...(hasMore ? { next: after } : {}) };
};

/** ListObjectsV2. */
export const listObjects = (store: ObjectStore, bucket: string, query: URLSearchParams): string => {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const token = query.get('continuation-token');
  const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64').toString();
  const most = Math.min(mostKeys, Number(query.get('max-keys') ?? mostKeys));
  const { contents, prefixes, next } = page(store, bucket, { prefix, delimiter, after, most });
  const encoded = query.get('encoding-type') === 'url';
  const text = (key: string): string => (encoded ? encodeURIComponent(key).replaceAll('%2F', '/') : key);
  return writeXml('ListBucketResult', {
    Name: bucket,
    Prefix: text(prefix),
    Delimiter: delimiter === '' ? undefined : text(delimiter),
    EncodingType: encoded ? 'url' : undefined,
    MaxKeys: most,
    KeyCount: contents.length + prefixes.length,
    IsTruncated: next !== undefined,
    ContinuationToken: token ?? undefined,
    NextContinuationToken: next === undefined ? undefined : Buffer.from(next).toString('base64'),
    Contents: contents.map((object) => ({
      Key: text(object.key),
      LastModified: new Date(object.modified_at).toISOString(),
      ETag: `"${object.etag}"`,
      Size: object.size,
      StorageClass: 'STANDARD',
    })),
    CommonPrefixes: prefixes.map((folded) => ({ Prefix: text(folded) })),
  });
};
