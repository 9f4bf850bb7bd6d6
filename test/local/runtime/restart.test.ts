import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Runtime, startRuntime } from '../../../local/runtime/runtime.ts';
import { bundleHandlers, synthesize, temporaryFolder } from './library-app.ts';

type Started = Pick<Runtime, 'api' | 'endpoints' | 'outputs'>;

const clientsOf = ({ endpoints }: Started) => {
  const common = {
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  };
  const endpoint = endpoints['AWS_ENDPOINT_URL'];
  return {
    queues: new SQSClient({ ...common, endpoint }),
    machines: new SFNClient({ ...common, endpoint }),
    objects: new S3Client({ ...common, endpoint: endpoints['AWS_ENDPOINT_URL_S3'] }),
  };
};

const startChild = async (assembly: string, dataDir: string) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures', 'run-library.ts'), assembly, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line = ''] = await new Promise<string[]>((resolve) =>
    createInterface(child.stdout).once('line', (text) => resolve([text])),
  );
  const kill = async (): Promise<void> => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  return { ...(JSON.parse(line) as Started), kill };
};

/** Only the child's helpers name the folder; the test itself does not. */
const processesOn = (folder: string): string[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((id) => {
      try {
        return [readFileSync(`/proc/${id}/cmdline`, 'utf8')];
      } catch {
        return [];
      }
    })
    .filter((command) => command.includes(folder));

describe('a machine that was killed', () => {
  const dataDir = temporaryFolder('data');
  const day = 86_400_000;
  let before: Started;
  let after: Runtime;
  let executionArn: string | undefined;
  const book = async (id: string): Promise<Record<string, string> | undefined> => {
    const response = await fetch(`${after.api}/books/${encodeURIComponent(id)}`);
    return response.status === 200 ? ((await response.json()) as Record<string, string>) : undefined;
  };

  beforeAll(async () => {
    const assembly = synthesize(await bundleHandlers());
    const child = await startChild(assembly, dataDir);
    before = child;
    const { queues, machines, objects } = clientsOf(child);
    const { Machine: stateMachineArn, PostUrl: QueueUrl, Bucket, DiaryName } = child.outputs;
    const lend = { method: 'POST', body: JSON.stringify({ reader: 'anna' }) };
    await fetch(`${child.api}/books/warm/loans`, lend);
    const input = JSON.stringify({ id: 'm1', pages: 60, chapters: ['one'] });
    ({ executionArn } = await machines.send(new StartExecutionCommand({ stateMachineArn, input })));
    await queues.send(
      new SendMessageCommand({ QueueUrl, MessageBody: '{"id":"late","reader":"anna"}', DelaySeconds: 2 }),
    );
    await fetch(`${child.endpoints['AWS_ENDPOINT_URL']}/2015-03-31/functions/${DiaryName}/invocations`, {
      method: 'POST',
      headers: { 'x-amz-invocation-type': 'Event' },
      body: JSON.stringify({ id: 'slow', wait: 1500 }),
    });
    await fetch(`${child.api}/books/streamed/loans`, lend);
    await objects.send(new PutObjectCommand({ Bucket, Key: 'in/scan', Body: 'page' }));
    await child.kill();
    while (processesOn(dataDir).length > 0) await sleep(10);
    // Whatever a killed process leaves behind must not stop the next one.
    writeFileSync(join(dataDir, 'ports.json.new'), '{"half');
    writeFileSync(join(dataDir, 'objects', 'stray'), 'half an object');
    // The machine is off for a day.
    const database = new DatabaseSync(join(dataDir, 'runtime.sqlite'));
    database.exec(`INSERT OR REPLACE INTO facts VALUES ('clock_offset', '${day}')`);
    database.close();
    after = await startRuntime({ assembly, dataDir, log: () => {} });
    await after.idle();
  });
  afterAll(() => after.stop());

  test('is found at the same addresses', () => {
    expect({ api: after.api, endpoints: after.endpoints }).toEqual({ api: before.api, endpoints: before.endpoints });
  });

  test('has what was stored, and hands on what was not yet handed on', async () => {
    const { objects } = clientsOf(after);
    const scan = await objects.send(new GetObjectCommand({ Bucket: after.outputs['Bucket'], Key: 'in/scan' }));
    expect(await scan.Body?.transformToString()).toBe('page');
    expect(await book('streamed')).toMatchObject({ reader: 'anna' });
    expect(await book('card#streamed')).toBeDefined();
    expect(await book('scan#in/scan')).toBeDefined();
    expect(await book('slow')).toBeDefined();
    expect(readdirSync(join(dataDir, 'objects'))).not.toContain('stray');
  });

  test('finishes the execution it had begun', async () => {
    const { machines } = clientsOf(after);
    for (let tries = 0; tries < 100; tries += 1) {
      const { status, output } = await machines.send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'RUNNING') await sleep(50);
      else return expect([status, output]).toEqual(['SUCCEEDED', '{"verdict":"dear","price":120}']);
    }
    throw new Error('the execution did not end');
  });

  test('delivers the message that was delayed', async () => {
    for (let tries = 0; tries < 60 && (await book('card#late')) === undefined; tries += 1) await sleep(50);
    expect(await book('card#late')).toBeDefined();
  });

  test('fires what was missed: a daily schedule with its own time, a shorter one once', async () => {
    expect(after.clock.now().getTime() - Date.now()).toBeGreaterThanOrEqual(day);
    const now = after.clock.now().getTime();
    const dates = [0, 1].map((back) => new Date(now - back * day).toISOString().slice(0, 10));
    const closings = await Promise.all(dates.map((date) => book(`closing#${date}T10:30:00Z`)));
    expect(closings.filter((closing) => closing !== undefined)).toHaveLength(1);
    expect(await book('rounds')).toMatchObject({ count: '1' });
  });

  test('lets nobody else on its folder', async () => {
    const assembly = synthesize(await bundleHandlers());
    await expect(startRuntime({ assembly, dataDir })).rejects.toThrow('another runtime is running on');
  });
});
