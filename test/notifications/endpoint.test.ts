import { once } from 'node:events';
import { createServer as createHttpServer, request as http, type RequestListener } from 'node:http';
import { request as https } from 'node:https';
import { createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { text } from 'node:stream/consumers';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { poster, type Network } from '#notifications/endpoints/endpoint.ts';

import { blockedLiterals } from './addresses.ts';

type Found = readonly { address: string; family: number }[];

const inAws = { loopbackAllowed: false };
const onOneMachine = { loopbackAllowed: true };
const family = (address: string) => (address.includes(':') ? 6 : 4);
const found = (...addresses: string[]): Found => addresses.map((address) => ({ address, family: family(address) }));
const never = new Promise<never>(() => {});

/** A resolver that gives these answers in turn, the last one for ever. */
const resolver = (...answers: Found[]) => vi.fn(async () => (answers.length > 1 ? answers.shift() : answers[0]) ?? []);
const network = (lookup: Network['lookup']): Network => ({ lookup, https, http });

const closing: Server[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const server of closing.splice(0)) await new Promise((done) => server.close(done));
});

const listen = async (server: Server): Promise<number> => {
  closing.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};
/** An app that does not keep to HTTP. It reads, so that it hears when we hang up. */
const listenRaw = (say: (socket: Socket) => void) =>
  listen(createServer((socket) => say(socket.on('error', () => {}).resume())));
const serve = (answer: RequestListener) => listen(createHttpServer(answer));
const local = (timeoutMs?: number) => poster(network(resolver(found('127.0.0.1'))), onOneMachine, timeoutMs);

/**
 * Every address that a socket was about to connect to, as the socket itself has it: the literal host, or what the lookup it
 * was given answers. `isBlocked` connects nowhere; otherwise the connection is made as well.
 */
const watchSockets = ({ isBlocked }: { isBlocked: boolean }) => {
  const reached: string[] = [];
  // oxlint-disable-next-line typescript/unbound-method -- called with its socket below
  const { connect } = Socket.prototype;
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
    this.on('connectionAttempt', (address: string) => reached.push(address));
    if (!isBlocked) return Reflect.apply(connect, this, args);
    const options = (Array.isArray(args[0]) ? args[0][0] : args[0]) as Record<string, never> & { host: string };
    const name = options.host;
    const lookup = options['lookup'] as
      | ((host: string, o: object, done: (error: null, address: string) => void) => void)
      | undefined;
    if (family(name) === 6 || /^[\d.]+$/.test(name)) reached.push(name);
    else lookup?.(name, {}, (_, address) => reached.push(address));
    setImmediate(() => this.destroy(Object.assign(new Error('no network here'), { code: 'ENETUNREACH' })));
    return this;
  });
  return reached;
};

describe('a webhook to an address that is not public', () => {
  let reached: string[] = [];
  beforeEach(() => {
    reached = watchSockets({ isBlocked: true });
  });

  test.each(blockedLiterals)('%s (%s) reaches no socket', async (_, host) => {
    const lookup = resolver(found('8.8.8.8'));
    const reply = await poster(network(lookup), inAws)(`https://${host}/`, {}, '{}');
    expect(reply).toEqual({ error: 'url_not_allowed' });
    expect(reached).toEqual([]);
    expect(lookup).not.toHaveBeenCalled();
  });

  test.each(blockedLiterals.filter(([, host]) => /^(\d+\.){3}\d+$|^\[/.test(host)))(
    'a name that leads to it, %s (%s), reaches no socket',
    async (_, host) => {
      const address = host.replace(/[[\]]/g, '');
      for (const answer of [found(address), found('8.8.8.8', address), found(address, '8.8.8.8')]) {
        const reply = await poster(network(resolver(answer)), inAws)('https://shop.example/', {}, '{}');
        expect(reply).toEqual({ error: 'address_not_allowed' });
      }
      expect(reached).toEqual([]);
    },
  );

  test('is known in sixty forms and more, each of them once', () => {
    const hosts = blockedLiterals.map(([, host]) => host);
    expect(hosts.length).toBeGreaterThanOrEqual(60);
    expect(new Set(hosts).size).toBe(hosts.length);
    for (const kind of ['decimal', 'octal', 'hex', 'IPv4-mapped', 'NAT64', 'metadata', '6to4', 'unique-local'])
      expect(
        blockedLiterals.some(([why]) => why.includes(kind)),
        kind,
      ).toBe(true);
  });

  test.each([
    'https://shop.example@169.254.169.254/',
    'https://169.254.169.254@shop.example/',
    'https://user:password@shop.example/',
    'https://shop.example\\@169.254.169.254/',
    'https://shop.example:22/',
    'https://169.254.169.254:80/',
    'https://localhost/',
    'https://metadata.localhost/',
    'file:///etc/passwd',
    'gopher://169.254.169.254/',
  ])('%s reaches no socket', async (address) => {
    const lookup = resolver(found('93.184.216.34'));
    expect(await poster(network(lookup), inAws)(address, {}, '{}')).toEqual({ error: 'url_not_allowed' });
    expect(reached).toEqual([]);
  });

  // What a resolver answers of an alias are the addresses at its end, whatever names there are on the way.
  test.each([
    ['private', '10.0.0.5'],
    ['private', '192.168.1.1'],
    ['instance metadata', '169.254.169.254'],
    ['container credentials', '169.254.170.2'],
    ['metadata over IPv6', 'fd00:ec2::254'],
    ['IPv4-mapped metadata', '::ffff:169.254.169.254'],
    ['NAT64 of the metadata', '64:ff9b::a9fe:a9fe'],
    ['link-local', 'fe80::1'],
  ])('an alias (CNAME) whose end is %s, %s, reaches no socket', async (_, address) => {
    for (const answer of [found(address), found('93.184.216.34', address)])
      expect(await poster(network(resolver(answer)), inAws)('https://cname.shop.example/', {}, '{}')).toEqual({
        error: 'address_not_allowed',
      });
    expect(reached).toEqual([]);
  });

  test('an alias whose end is this machine reaches no socket, though its name is public', async () => {
    const lookup = resolver(found('127.0.0.1', '::1'));
    expect(await poster(network(lookup), inAws)('https://cname.shop.example/', {}, '{}')).toEqual({
      error: 'address_not_allowed',
    });
    expect(reached).toEqual([]);
  });

  test('a name that leads to a public address and then to the metadata reaches the public one alone', async () => {
    const lookup = resolver(found('93.184.216.34'), found('169.254.169.254'));
    await poster(network(lookup), inAws)('https://rebind.example/', {}, '{}');
    expect(lookup).toHaveBeenCalledTimes(1);
    expect(reached).toEqual(['93.184.216.34']);
  });

  test('the same name is judged again at the next delivery', async () => {
    const post = poster(network(resolver(found('93.184.216.34'), found('169.254.169.254'))), inAws);
    await post('https://rebind.example/', {}, '{}');
    expect(await post('https://rebind.example/', {}, '{}')).toEqual({ error: 'address_not_allowed' });
    expect(reached).toEqual(['93.184.216.34']);
  });

  test('a public name is reached over IPv4 when it has both', async () => {
    const lookup = resolver(found('2606:4700:4700::1111', '1.1.1.1'));
    expect(await poster(network(lookup), inAws)('https://shop.example/', {}, '{}')).toEqual({ error: 'enetunreach' });
    expect(reached).toEqual(['1.1.1.1']);
  });

  test('plain http reaches no socket', async () => {
    const reply = await poster(network(resolver(found('93.184.216.34'))), inAws)('http://shop.example/', {}, '{}');
    expect(reply).toEqual({ error: 'url_not_allowed' });
    expect(reached).toEqual([]);
  });

  test('a name without an address is a failure of the endpoint', async () => {
    const nowhere = vi.fn(() => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' })));
    expect(await poster(network(nowhere), inAws)('https://nobody.example/', {}, '{}')).toEqual({ error: 'enotfound' });
    expect(await poster(network(resolver(found())), inAws)('https://nobody.example/', {}, '{}')).toEqual({
      error: 'name_not_resolved',
    });
  });
});

describe('one delivery', () => {
  test('is a POST of the very bytes with our headers and the host of the URL', async () => {
    const got = Promise.withResolvers<unknown>();
    const port = await serve((request, response) => {
      const { host, 'webhook-id': id, 'content-length': length } = request.headers;
      text(request)
        .then((body) => got.resolve([request.method, request.url, host, id, length, body]))
        .catch(got.reject);
      response.writeHead(204).end();
    });
    const body = '{"subject":"算盘 ✓"}';
    expect(await local()(`http://shop.example:${port}/hooks?a=b`, { 'webhook-id': 'evt_1' }, body)).toEqual({
      status: 204,
    });
    expect(await got.promise).toEqual(['POST', '/hooks?a=b', `shop.example:${port}`, 'evt_1', '24', body]);
  });

  test('goes to the address that was checked, whatever the name leads to a moment later', async () => {
    const reached = watchSockets({ isBlocked: false });
    const port = await serve((_, response) => response.end());
    const lookup = resolver(found('127.0.0.1'), found('169.254.169.254'));
    expect(await poster(network(lookup), onOneMachine)(`http://rebind.example:${port}/`, {}, '{}')).toEqual({
      status: 200,
    });
    expect(reached).toEqual(['127.0.0.1']);
  });

  test.each([301, 302, 303, 307, 308])(
    'in AWS does not follow a %i of a public address to the metadata',
    async (status) => {
      const reached = watchSockets({ isBlocked: false });
      const port = await serve((_, response) =>
        response.writeHead(status, { location: 'https://169.254.169.254/latest/meta-data/' }).end(),
      );
      const lookup = resolver(found('93.184.216.34'));
      const asked: string[] = [];
      // A public app stands on this machine: what is allowed was decided before, by the address that the name led to.
      const publicApp = ((url: URL, options: { lookup?: unknown }, answer: never) => {
        asked.push(String(url));
        const { lookup: _, ...rest } = options;
        return http({ ...rest, host: '127.0.0.1', port }, answer);
      }) as Network['https'];
      expect(await poster({ lookup, https: publicApp, http }, inAws)('https://shop.example/', {}, '{}')).toEqual({
        status,
      });
      expect([asked, reached]).toEqual([['https://shop.example/'], ['127.0.0.1']]);
      expect(lookup).toHaveBeenCalledTimes(1);
    },
  );

  test.each([301, 302, 303, 307, 308])('does not follow a %i to a private address', async (status) => {
    const reached = watchSockets({ isBlocked: false });
    const port = await serve((_, response) =>
      response.writeHead(status, { location: 'http://169.254.169.254/' }).end(),
    );
    expect(await local()(`http://shop.example:${port}/`, {}, '{}')).toEqual({ status });
    expect(reached).toEqual(['127.0.0.1']);
  });

  test('is refused once and accepted the second time by an app that restarts', async () => {
    let calls = 0;
    const port = await serve((_, response) => response.writeHead((calls += 1) === 1 ? 503 : 200).end('ok'));
    const post = local();
    expect(await post(`http://shop.example:${port}/`, {}, '{}')).toEqual({ status: 503 });
    expect(await post(`http://shop.example:${port}/`, {}, '{}')).toEqual({ status: 200 });
  });

  test('keeps no connection that was checked for another one', async () => {
    const connections = new Set<unknown>();
    const port = await serve((request, response) => {
      connections.add(request.socket);
      response.end();
    });
    const post = local();
    for (let delivery = 0; delivery < 3; delivery += 1) await post(`http://shop.example:${port}/`, {}, '{}');
    expect(connections.size).toBe(3);
  });

  test('says the name of the app in its TLS greeting, though it connects to an address', async () => {
    const greeting = Promise.withResolvers<string>();
    const port = await listenRaw((socket) => {
      socket.on('data', (bytes) => {
        greeting.resolve(bytes.toString('latin1'));
        socket.destroy();
      });
    });
    expect(await local()(`https://shop.example:${port}/`, {}, '{}')).toEqual({ error: 'econnreset' });
    expect(await greeting.promise).toContain('shop.example');
  });

  test('to nobody is a failure of the endpoint', async () => {
    const port = await serve((_, response) => response.end());
    await new Promise((done) => closing.pop()?.close(done));
    expect(await local()(`http://shop.example:${port}/`, {}, '{}')).toEqual({ error: 'econnrefused' });
  });

  test('that is not answered in HTTP is a failure of the endpoint', async () => {
    const port = await listenRaw((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
    expect(await local()(`http://shop.example:${port}/`, {}, '{}')).toEqual({ error: 'hpe_invalid_constant' });
  });

  test('reads 64 KB of the answer and not much more', async () => {
    let written = 0;
    const port = await serve((_, response) => {
      const chunk = Buffer.alloc(16 * 1024);
      const write = () => {
        while (!response.destroyed && response.write(chunk)) written += chunk.length;
        written += chunk.length;
      };
      response.on('drain', write);
      write();
    });
    const start = performance.now();
    expect(await local()(`http://shop.example:${port}/`, {}, '{}')).toEqual({ status: 200 });
    expect(performance.now() - start).toBeLessThan(2_000);
    // What the kernel's buffers take is not ours to count.
    expect(written).toBeLessThan(16 * 1024 * 1024);
  });
});

describe('the time of a delivery', () => {
  const headers = 'HTTP/1.1 200 OK\r\nx-slow: ';
  const slow: readonly [string, (socket: Socket) => void][] = [
    ['an app that says nothing', () => {}],
    [
      'an app that says its headers letter by letter',
      (socket) => {
        let at = 0;
        const timer = setInterval(() => socket.write(headers[at++] ?? 'y'), 1);
        socket.on('close', () => clearInterval(timer));
      },
    ],
  ];

  test.each(slow)('is up for %s, and the connection is closed', async (_, say) => {
    const sockets: Socket[] = [];
    const port = await listenRaw((socket) => (sockets.push(socket), say(socket)));
    const start = performance.now();
    expect(await local(150)(`http://shop.example:${port}/`, {}, '{}')).toEqual({ error: 'timeout' });
    expect(performance.now() - start).toBeLessThan(1_000);
    await vi.waitFor(() => expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]));
  });

  test('counts the time it takes to resolve the name', async () => {
    expect(
      await poster(
        network(() => never),
        inAws,
        50,
      )('https://shop.example/', {}, '{}'),
    ).toEqual({ error: 'timeout' });
  });

  test('does not take back what an app has acknowledged, though its body never ends', async () => {
    const port = await serve((_, response) => void response.writeHead(200).write('{'));
    const start = performance.now();
    expect(await local(150)(`http://shop.example:${port}/`, {}, '{}')).toEqual({ status: 200 });
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test('is five seconds where nothing else is said', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout');
    const port = await serve((_, response) => response.end());
    await local()(`http://shop.example:${port}/`, {}, '{}');
    expect(timeout).toHaveBeenCalledWith(5_000);
  });
});
