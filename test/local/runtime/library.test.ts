import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  UploadPartCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Runtime, startRuntime } from '../../../local/runtime/runtime.ts';
import { bundleHandlers, synthesize, temporaryFolder } from './library-app.ts';

const day = 86_400;

describe('a library on one machine', () => {
  let library: Runtime;
  let issuer: Server;
  let issuerUrl: string;
  let signingKey: CryptoKey;
  const lines: string[] = [];
  const output = (name: string): string => library.outputs[name] ?? '';
  const client = () => {
    const { AWS_ENDPOINT_URL: endpoint, AWS_ENDPOINT_URL_S3: s3 } = library.endpoints;
    const common = {
      region: library.region,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    };
    return {
      queues: new SQSClient({ ...common, endpoint }),
      events: new EventBridgeClient({ ...common, endpoint }),
      secrets: new SecretsManagerClient({ ...common, endpoint }),
      machines: new SFNClient({ ...common, endpoint }),
      objects: new S3Client({ ...common, endpoint: s3 }),
    };
  };
  const book = async (id: string): Promise<Record<string, string> | undefined> => {
    const response = await fetch(`${library.api}/books/${encodeURIComponent(id)}`);
    return response.status === 200 ? ((await response.json()) as Record<string, string>) : undefined;
  };
  const lend = (id: string, reader: string) =>
    fetch(`${library.api}/books/${id}/loans`, {
      method: 'POST',
      body: JSON.stringify({ reader }),
      headers: { 'content-type': 'application/json' },
    });
  const receive = async (url: string) =>
    (
      await client().queues.send(
        new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 2, MaxNumberOfMessages: 10 }),
      )
    ).Messages ?? [];
  const execute = async (input: object, name?: string) => {
    const { machines } = client();
    const { executionArn } = await machines.send(
      new StartExecutionCommand({ stateMachineArn: output('Machine'), input: JSON.stringify(input), name }),
    );
    for (;;) {
      const execution = await machines.send(new DescribeExecutionCommand({ executionArn }));
      if (execution.status !== 'RUNNING') return execution;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  const echo = async (path: string, init?: RequestInit) =>
    (await (await fetch(library.api + path, init)).json()) as Record<string, object>;
  const put = (Key: string, Body: string | Buffer, more: object = {}) =>
    client().objects.send(new PutObjectCommand({ Bucket: output('Bucket'), Key, Body, ...more }));
  const list = (more: object) =>
    client().objects.send(
      new ListObjectsV2Command({ Bucket: output('Bucket'), Prefix: 'list/', Delimiter: '/', ...more }),
    );
  const rounds = async () => Number((await book('rounds'))?.['count'] ?? 0);

  const preflight = (origin: string) =>
    fetch(`${library.api}/staff`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'GET' },
    });

  beforeAll(async () => {
    const keys = await generateKeyPair('RS256');
    signingKey = keys.privateKey;
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256' };
    issuer = createServer((request, response) => {
      const isDiscovery = request.url === '/.well-known/openid-configuration';
      response.end(JSON.stringify(isDiscovery ? { jwks_uri: `${issuerUrl}/keys` } : { keys: [jwk] }));
    });
    await new Promise<void>((resolve) => void issuer.listen(0, '127.0.0.1', resolve));
    const address = issuer.address();
    issuerUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const assembly = synthesize(await bundleHandlers());
    library = await startRuntime({
      assembly,
      dataDir: temporaryFolder('data'),
      parameters: { Issuer: issuerUrl },
      log: (line) => lines.push(line),
    });
  });
  afterAll(async () => {
    await library.stop();
    issuer.close();
  });

  describe('a loan', () => {
    test('goes from the desk through the stream, the queue and the bus to the diary', async () => {
      const response = await lend('momo', 'anna');
      expect(response.status).toBe(201);
      expect(response.headers.getSetCookie()).toEqual(['desk=1; Path=/', 'seat=2']);
      await library.idle();
      expect(await book('card#momo')).toMatchObject({ card_of: 'anna' });
      expect(await book('lent#momo')).toMatchObject({ event: JSON.stringify({ id: 'lent#momo', reader: 'anna' }) });
    });

    test('that a rule does not ask for is not delivered', async () => {
      await lend('emma', 'bert');
      await library.idle();
      expect(await book('card#emma')).toBeDefined();
      expect(await book('lent#emma')).toBeUndefined();
    });

    test('is stamped with the secret', async () => {
      const { secrets } = client();
      const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: output('StampArn') }));
      expect(SecretString).toMatch(/^[A-Za-z0-9]{32}$/);
      await lend('stamped', 'bert');
      expect(await book('stamped')).toMatchObject({ stamp: SecretString });
      await secrets.send(new PutSecretValueCommand({ SecretId: output('StampArn'), SecretString: 'new' }));
      await lend('stamped', 'bert');
      expect(await book('stamped')).toMatchObject({ stamp: 'new' });
    });

    test('is written down in the log under the function and the request', () => {
      const line = lines
        .map((text) => JSON.parse(text) as Record<string, unknown>)
        .find(({ message }) => message === 'lending momo');
      expect(line).toMatchObject({
        level: 'info',
        function: expect.stringContaining('Desk'),
        request_id: expect.any(String),
      });
    });

    test('that cannot be posted lands among the dead letters after two receives', async () => {
      await lend('torn', 'bad');
      const [letter] = await (async () => {
        for (;;) {
          const found = await receive(output('LostUrl'));
          if (found.length > 0) return found;
        }
      })();
      expect(JSON.parse(letter?.Body ?? '')).toEqual({ id: 'torn', reader: 'bad' });
    });

    test('that the stream reader keeps failing is given up and reported', async () => {
      await lend('lost', 'unlucky');
      await library.idle();
      const letters = await receive(output('UnreadUrl'));
      const bodies = letters.map(({ Body = '' }) => JSON.parse(Body) as Record<string, object>);
      expect(bodies).toContainEqual(
        expect.objectContaining({ DDBStreamBatchInfo: expect.objectContaining({ batchSize: 1 }) }),
      );
    });
  });

  describe('the HTTP API', () => {
    test('gives a function the payload format 2.0', async () => {
      const event = await echo('/echo/a%2Fb/c%20d?x=1&x=2&y=%20', { headers: { Cookie: 'a=1; b=2', 'X-Two': 'yes' } });
      expect(event).toMatchObject({
        version: '2.0',
        routeKey: 'ANY /echo/{proxy+}',
        rawPath: '/echo/a/b/c d',
        rawQueryString: 'x=1&x=2&y=%20',
        cookies: ['a=1', 'b=2'],
        queryStringParameters: { x: '1,2', y: ' ' },
        pathParameters: { proxy: 'a/b/c d' },
        headers: { 'x-two': 'yes' },
        requestContext: { http: { method: 'GET', path: '/echo/a/b/c d' }, stage: '$default' },
        isBase64Encoded: false,
      });
      expect(event['headers']).not.toHaveProperty('cookie');
    });

    test('prefers the literal path', async () => {
      expect(await echo('/echo/literal')).toMatchObject({ routeKey: 'ANY /echo/literal' });
    });

    test.each([
      ['application/json', '{"ü":1}', false],
      ['text/plain; charset=utf-8', 'ü', false],
      ['application/problem+json', '{}', true],
      ['application/x-www-form-urlencoded', 'a=1', true],
      ['application/octet-stream', 'ab', true],
    ])('hands over %s as text or as bytes', async (type, body, isBase64Encoded) => {
      const event = await echo('/echo/body', { method: 'POST', body, headers: { 'content-type': type } });
      expect(event).toMatchObject({
        isBase64Encoded,
        body: isBase64Encoded ? Buffer.from(body).toString('base64') : body,
      });
    });

    test('tells browsers which origins are welcome', async () => {
      const welcome = await preflight('https://desk.example');
      expect(welcome.status).toBe(204);
      expect(Object.fromEntries(welcome.headers)).toMatchObject({
        'access-control-allow-origin': 'https://desk.example',
        'access-control-allow-methods': 'GET',
        'access-control-allow-headers': 'authorization',
        'access-control-max-age': '3600',
      });
      expect((await preflight('https://elsewhere.example')).headers.get('access-control-allow-origin')).toBeNull();
    });

    test('answers 404, 413 and 500 as AWS does', async () => {
      const answers = await Promise.all([
        fetch(`${library.api}/nowhere`),
        fetch(`${library.api}/echo/large`, { method: 'POST', body: 'x'.repeat(10 * 1024 * 1024 + 1) }),
        fetch(`${library.api}/echo/large`, { method: 'POST', body: 'x'.repeat(7 * 1024 * 1024) }),
        fetch(`${library.api}/broken`),
        fetch(`${library.api}/slow`),
      ]);
      expect(await Promise.all(answers.map(async (answer) => [answer.status, await answer.json()]))).toEqual([
        [404, { message: 'Not Found' }],
        [413, { message: 'Request Entity Too Large' }],
        [413, { message: 'Request Entity Too Large' }],
        [500, { message: 'Internal Server Error' }],
        [500, { message: 'Internal Server Error' }],
      ]);
      expect(lines.some((line) => line.includes('the shelf fell'))).toBe(true);
      expect(lines.some((line) => line.includes('Task timed out after 1.00 seconds'))).toBe(true);
    });

    test('admits bearers of a token of its issuer, and flattens the claims', async () => {
      const token = (claims: object, { audience = 'library', minutes = 5 } = {}) =>
        new SignJWT({ ...claims })
          .setProtectedHeader({ alg: 'RS256', kid: 'one' })
          .setIssuer(issuerUrl)
          .setAudience(audience)
          .setExpirationTime(Math.floor(library.clock.now().getTime() / 1000) + minutes * 60)
          .sign(signingKey);
      const staff = async (authorization: string) => fetch(`${library.api}/staff`, { headers: { authorization } });
      const welcome = await staff(
        `Bearer ${await token({ 'cognito:groups': ['admin', 'risk'], level: 3, sub: 'u1' })}`,
      );
      expect(await welcome.json()).toMatchObject({
        requestContext: {
          authorizer: { jwt: { claims: { 'cognito:groups': '[admin risk]', level: '3', sub: 'u1' }, scopes: null } },
        },
      });
      const refused = [await token({}, { audience: 'other' }), await token({}, { minutes: -1 }), 'nonsense'];
      const answers = await Promise.all(refused.map(async (one) => (await staff(`Bearer ${one}`)).status));
      expect([...answers, (await fetch(`${library.api}/staff`)).status]).toEqual([401, 401, 401, 401]);
    });
  });

  describe('objects', () => {
    test('are told of to the rules of the default bus', async () => {
      await put('in/page 1.txt', 'scan');
      await put('out/page 2.txt', 'no rule');
      await library.idle();
      expect(await book('scan#in/page 1.txt')).toBeDefined();
      expect(await book('scan#out/page 2.txt')).toBeUndefined();
    });

    test('come back whole, in part, and by a presigned URL until it expires', async () => {
      const { objects } = client();
      const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251));
      await put('bytes', bytes, { ContentType: 'application/x-bytes', Metadata: { kind: 'test' } });
      const at = { Bucket: output('Bucket'), Key: 'bytes' };
      const whole = await objects.send(new GetObjectCommand(at));
      expect(Buffer.from((await whole.Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
      expect(whole).toMatchObject({
        ContentType: 'application/x-bytes',
        Metadata: { kind: 'test' },
        ContentLength: 300_000,
      });
      const part = await objects.send(new GetObjectCommand({ ...at, Range: 'bytes=251-253' }));
      expect([...((await part.Body?.transformToByteArray()) ?? [])]).toEqual([0, 1, 2]);
      const signingDate = library.clock.now();
      const url = await getSignedUrl(objects, new GetObjectCommand(at), { expiresIn: 60, signingDate });
      expect((await fetch(url)).status).toBe(200);
      const expired = await getSignedUrl(objects, new GetObjectCommand(at), {
        expiresIn: 60,
        signingDate: new Date(0),
      });
      expect((await fetch(expired)).status).toBe(403);
    });

    test('are sent from pages of the origins that the bucket names, in the ways that it names', async () => {
      const signingDate = library.clock.now();
      const command = new PutObjectCommand({ Bucket: output('Bucket'), Key: 'from a page' });
      const url = await getSignedUrl(client().objects, command, { expiresIn: 60, signingDate });
      const origin = 'https://desk.library.example';
      const mayPageSend = (over: Record<string, string> = {}) =>
        fetch(url, {
          method: 'OPTIONS',
          headers: {
            origin,
            'access-control-request-method': 'PUT',
            'access-control-request-headers': 'content-type,x-amz-meta-shelf',
            ...over,
          },
        });
      const allowed = await mayPageSend();
      expect([allowed.status, await allowed.text()]).toEqual([200, '']);
      expect(Object.fromEntries(allowed.headers)).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'PUT',
        'access-control-allow-headers': 'content-type, x-amz-meta-shelf',
        'access-control-expose-headers': 'etag',
        'access-control-max-age': '60',
        vary: expect.stringContaining('Origin'),
      });
      const refusals: readonly Record<string, string>[] = [
        { origin: 'https://library.example' },
        { origin: 'https://desk.library.example.evil.example' },
        { 'access-control-request-method': 'GET' },
        { 'access-control-request-headers': 'authorization' },
      ];
      for (const over of refusals) {
        const refused = await mayPageSend(over);
        expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, null]);
        expect(await refused.text()).toContain('<Code>AccessForbidden</Code>');
      }
      const send = (from: string, to = url) => fetch(to, { method: 'PUT', body: 'x', headers: { origin: from } });
      const sent = await send(origin);
      expect([sent.status, sent.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
      // Without the header a browser shows its page nothing; what is refused can be read by a page that may send.
      expect((await send('https://elsewhere.example')).headers.get('access-control-allow-origin')).toBeNull();
      const forged = await send(origin, url.replace(/Signature=[0-9a-f]{4}/, 'Signature=0000'));
      expect([forged.status, forged.headers.get('access-control-allow-origin')]).toEqual([403, origin]);
    });

    test('are guarded by conditions', async () => {
      await put('once', '1', { IfNoneMatch: '*' });
      await expect(put('once', '2', { IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
      const { ETag } = await client().objects.send(new HeadObjectCommand({ Bucket: output('Bucket'), Key: 'once' }));
      await put('once', '3', { IfMatch: ETag });
      await expect(put('once', '4', { IfMatch: ETag })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    });

    test('are listed by prefix and delimiter, page by page', async () => {
      for (const key of ['list/a', 'list/b/1', 'list/b/2', 'list/c']) await put(key, 'x');
      const all = await list({});
      expect([all.Contents?.map(({ Key }) => Key), all.CommonPrefixes]).toEqual([
        ['list/a', 'list/c'],
        [{ Prefix: 'list/b/' }],
      ]);
      const first = await list({ MaxKeys: 2 });
      expect(first).toMatchObject({ IsTruncated: true, KeyCount: 2 });
      const second = await list({ MaxKeys: 2, ContinuationToken: first.NextContinuationToken });
      expect(second).toMatchObject({ IsTruncated: false, Contents: [{ Key: 'list/c' }] });
    });

    test('arrive in parts, and are told of once', async () => {
      const { objects } = client();
      const at = { Bucket: output('Bucket'), Key: 'in/long' };
      const { UploadId } = await objects.send(new CreateMultipartUploadCommand(at));
      const parts = [Buffer.alloc(5 * 1024 * 1024, 'a'), Buffer.from('end')];
      const Parts = await Promise.all(
        parts.map(async (Body, index) => {
          const PartNumber = index + 1;
          const { ETag } = await objects.send(new UploadPartCommand({ ...at, UploadId, PartNumber, Body }));
          return { ETag, PartNumber };
        }),
      );
      await library.idle();
      expect(await book('scan#in/long')).toBeUndefined();
      const done = await objects.send(
        new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }),
      );
      expect(done.ETag).toMatch(/-2"$/);
      const whole = await objects.send(new GetObjectCommand(at));
      expect(whole.ContentLength).toBe(5 * 1024 * 1024 + 3);
      whole.Body?.transformToByteArray().catch(() => undefined);
      await library.idle();
      expect(await book('scan#in/long')).toBeDefined();
    });

    test('are copied and deleted', async () => {
      const { objects } = client();
      const Bucket = output('Bucket');
      await put('from ü', 'copied');
      await objects.send(
        new CopyObjectCommand({ Bucket, Key: 'to', CopySource: `${Bucket}/${encodeURIComponent('from ü')}` }),
      );
      const copy = await objects.send(new GetObjectCommand({ Bucket, Key: 'to' }));
      expect(await copy.Body?.transformToString()).toBe('copied');
      const Delete = { Objects: [{ Key: 'from ü' }, { Key: 'to' }] };
      expect((await objects.send(new DeleteObjectsCommand({ Bucket, Delete }))).Deleted).toHaveLength(2);
      await expect(objects.send(new GetObjectCommand({ Bucket, Key: 'to' }))).rejects.toMatchObject({
        name: 'NoSuchKey',
      });
    });

    test('have no tags here, and say so', async () => {
      const response = await fetch(`${library.endpoints['AWS_ENDPOINT_URL_S3']}/${output('Bucket')}/once?tagging`, {
        method: 'PUT',
        body: '<x/>',
      });
      expect(response.status).toBe(501);
      const { objects } = client();
      const kept = await objects.send(new GetObjectCommand({ Bucket: output('Bucket'), Key: 'once' }));
      expect(await kept.Body?.transformToString()).toBe('3');
    });
  });

  describe('the state machine', () => {
    test('retries, maps, runs in parallel, waits, assigns and chooses', async () => {
      const execution = await execute({ id: 'm1', pages: 60, chapters: ['one', 'two'] });
      expect(execution).toMatchObject({ status: 'SUCCEEDED' });
      expect(JSON.parse(execution.output ?? '')).toEqual({ verdict: 'dear', price: 120 });
      expect(await book('machine#m1')).toMatchObject({ event: expect.stringContaining('"price":120') });
    });

    test('catches the error a step threw', async () => {
      const execution = await execute({ id: 'm2', pages: 60, chapters: [], fail: 'TooDear' });
      expect(JSON.parse(execution.output ?? '')).toEqual({ error: 'TooDear' });
    });

    test('fails with the error nobody caught', async () => {
      expect(await execute({ id: 'm3', pages: 2, chapters: [], fail: 'Odd' })).toMatchObject({
        status: 'FAILED',
        error: 'Odd',
      });
      expect(await execute({ id: 'm4', pages: 2 })).toMatchObject({
        status: 'FAILED',
        error: 'States.QueryEvaluationError',
      });
    });

    test('starts one execution of a name', async () => {
      const { machines } = client();
      const start = (id: string) =>
        machines.send(
          new StartExecutionCommand({
            stateMachineArn: output('Machine'),
            name: 'only',
            input: JSON.stringify({ id, pages: 1, chapters: [] }),
          }),
        );
      const first = await start('m5');
      expect(await start('m5')).toMatchObject({ executionArn: first.executionArn });
      await expect(start('m6')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
      const { executions } = await machines.send(new ListExecutionsCommand({ stateMachineArn: output('Machine') }));
      expect(executions?.filter(({ name }) => name === 'only')).toHaveLength(1);
    });
  });

  describe('an event nobody waits for', () => {
    test('is tried again, and then sent where failures go', async () => {
      const { events } = client();
      while ((await receive(output('UnreadUrl'))).length > 0);
      const Detail = JSON.stringify({ id: 'x', reader: 'adam' });
      await events.send(
        new PutEventsCommand({
          Entries: [{ EventBusName: output('BusName'), Source: 'library', DetailType: 'Lent', Detail }],
        }),
      );
      await library.idle();
      expect(await book('lent#x')).toBeDefined();
      await fetch(`${library.endpoints['AWS_ENDPOINT_URL']}/2015-03-31/functions/${output('DiaryName')}/invocations`, {
        method: 'POST',
        headers: { 'x-amz-invocation-type': 'Event' },
        body: JSON.stringify({ fail: 'Never' }),
      });
      await library.idle();
      const bodies = (await receive(output('UnreadUrl'))).map(({ Body = '' }) => JSON.parse(Body) as unknown);
      expect(bodies).toContainEqual(
        expect.objectContaining({
          requestPayload: { fail: 'Never' },
          requestContext: expect.objectContaining({ condition: 'RetriesExhausted', approximateInvokeCount: 2 }),
        }),
      );
    });

    test('with a malformed entry fails alone', async () => {
      const entry = { EventBusName: output('BusName'), Source: 'library', DetailType: 'Lent' };
      const result = await client().events.send(
        new PutEventsCommand({
          Entries: [
            { ...entry, Detail: 'no json' },
            { ...entry, Detail: '{}' },
          ],
        }),
      );
      expect(result).toMatchObject({
        FailedEntryCount: 1,
        Entries: [{ ErrorCode: 'MalformedDetail' }, { EventId: expect.any(String) }],
      });
    });
  });

  describe('queues', () => {
    test('hold a message back as long as they are told, but no longer than SQS may', async () => {
      const { queues } = client();
      const QueueUrl = output('UnreadUrl');
      await queues.send(new SendMessageCommand({ QueueUrl, MessageBody: 'later', DelaySeconds: 900 }));
      const { Attributes } = await queues.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessagesDelayed'] }),
      );
      expect(Attributes).toEqual({ ApproximateNumberOfMessagesDelayed: '1' });
      await expect(
        queues.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', DelaySeconds: 901 })),
      ).rejects.toThrow();
    });

    test('give message attributes back with the digest SDKs check', async () => {
      const { queues } = client();
      const MessageAttributes = {
        kind: { DataType: 'String', StringValue: 'ü' },
        raw: { DataType: 'Binary', BinaryValue: Uint8Array.of(200, 1) },
      };
      await queues.send(new SendMessageCommand({ QueueUrl: output('LostUrl'), MessageBody: 'b', MessageAttributes }));
      const request = { QueueUrl: output('LostUrl'), MessageAttributeNames: ['All'], MaxNumberOfMessages: 10 };
      const { Messages } = await queues.send(new ReceiveMessageCommand(request));
      expect(Messages).toContainEqual(expect.objectContaining({ Body: 'b', MessageAttributes }));
    });
  });

  describe('the clock', () => {
    test('fires the schedules it passes, each with its own time, and functions see it', async () => {
      const before = library.clock.now();
      await library.clock.advance(day);
      const after = library.clock.now();
      expect(after.getTime() - before.getTime()).toBeGreaterThanOrEqual(day * 1000);
      const date = new Date(before.getTime() + day * 1000).toISOString().slice(0, 10);
      const dates = [date, before.toISOString().slice(0, 10)];
      const closings = (await Promise.all(dates.map((one) => book(`closing#${one}T10:30:00Z`)))).filter(
        (one) => one !== undefined,
      );
      expect(closings).toHaveLength(1);
      const at = closings[0]?.['at'] ?? '';
      expect(at.slice(11, 16)).toBe('10:30');
    });

    test('ends the waits of executions that it passes', async () => {
      const entry = { EventBusName: output('BusName'), Source: 'library', DetailType: 'Remind' };
      const Detail = JSON.stringify({ id: 'r1', days: 2 });
      await client().events.send(new PutEventsCommand({ Entries: [{ ...entry, Detail }] }));
      const due = library.clock.now().getTime() + 2 * day * 1000;
      await library.clock.advance(day);
      expect(await book('reminder#r1')).toBeUndefined();
      await library.clock.advance(2 * day);
      const { at = '' } = (await book('reminder#r1')) ?? {};
      expect(Math.abs(Date.parse(at) - due)).toBeLessThan(60_000);
    });

    test('fires what is shorter than an hour once per hour', async () => {
      const hour = 3600;
      const past = Math.floor(library.clock.now().getTime() / 1000) % hour;
      await library.clock.advance(((3 * hour) / 2 - past) % hour);
      const before = await rounds();
      await library.clock.advance(3 * hour);
      const fired = (await rounds()) - before;
      // Three full hours, and the end at half past.
      expect(fired).toBe(4);
    });
  });

  test('what nobody implements is refused and named', async () => {
    const response = await fetch(library.endpoints['AWS_ENDPOINT_URL'] ?? '', {
      method: 'POST',
      headers: { 'x-amz-target': 'AmazonSSM.GetParameter' },
      body: '{}',
    });
    expect(response.status).toBe(501);
    expect(lines.some((line) => line.includes('AmazonSSM.GetParameter'))).toBe(true);
  });

  test('an invocation from outside rejects with the error of the function', async () => {
    expect(await library.invoke(output('DiaryName'), { id: 'direct' })).toEqual({ written: true });
    await expect(library.invoke(output('DiaryName'), { fail: 'Odd' })).rejects.toMatchObject({
      name: 'Odd',
      message: 'as asked',
    });
  });

  test('an idle machine says so at once', async () => {
    await library.idle();
    const start = performance.now();
    for (let at = 0; at < 20; at += 1) await library.idle();
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
