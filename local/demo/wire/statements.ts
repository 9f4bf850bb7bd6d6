import { createHash } from 'node:crypto';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Stage } from '../stage.ts';
import { Stopped } from '../wait.ts';

/** Brings a statement to where statements arrive; answers its SHA-256, by which its batch is found. */
export const uploadStatement = async (
  stage: Stage,
  { date, name, bytes }: { readonly date: string; readonly name: string; readonly bytes: Buffer },
): Promise<string> => {
  const s3 = new S3Client({
    endpoint: stage.s3,
    region: stage.region,
    forcePathStyle: true,
    // One machine believes everybody; the SDK wants to sign all the same.
    credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' },
  });
  const Key = `statements/${stage.channel_accounts.wechat}/${date}/trade/${name}`;
  try {
    await s3.send(new PutObjectCommand({ Bucket: stage.statements_bucket, Key, Body: bytes }));
  } catch (error) {
    throw new Stopped(`S3 did not take ${Key}: ${String(error)}`, { cause: error });
  } finally {
    s3.destroy();
  }
  return createHash('sha256').update(bytes).digest('hex');
};
