import type { RestService } from '../gateway/gateway.ts';
import { ServiceError } from '../refusal.ts';
import type { AsyncInvocations } from './async-invocations.ts';
import type { FunctionHost } from './host.ts';

const path = /^\/2015-03-31\/functions\/([^/]+)\/invocations(\?.*)?$/;

/** Lambda's Invoke, waited for or not. */
export const invokeApi =
  (host: FunctionHost, later: AsyncInvocations): RestService =>
  (request, body) => {
    const name = decodeURIComponent(path.exec(request.url ?? '')?.[1] ?? '');
    if (request.method !== 'POST' || name === '') return undefined;
    const payload = body === '' ? '{}' : body;
    const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
    if (type === 'RequestResponse') return invokeNow(host, name, payload);
    if (type !== 'Event')
      throw new ServiceError('NotImplemented', `the invocation type ${type.toString()} is not implemented`, 501);
    later.accept(name, payload);
    return Promise.resolve({ status: 202, body: '' });
  };

const invokeNow = async (host: FunctionHost, name: string, payload: string) => {
  const answer = await host.invoke(name, payload);
  const headers: Record<string, string> = {
    'x-amz-executed-version': '$LATEST',
    ...(answer.failed ? { 'x-amz-function-error': 'Unhandled' } : {}),
  };
  return { status: 200, headers, body: answer.payload };
};
