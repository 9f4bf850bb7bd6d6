import * as z from 'zod';

const Account = z.looseObject({ settings: z.record(z.string(), z.unknown()) });

/**
 * A port that was taken meanwhile is another one today: the seeded account follows the sandbox to its new addresses, by the
 * API that an operator has. Everything else that was changed since the first start stays as it is.
 */
export const followSandbox = async (
  api: string,
  token: string,
  accountId: string,
  seeded: Readonly<Record<string, unknown>>,
): Promise<void> => {
  const url = new URL(`/admin/v1/channel-accounts/${accountId}`, api);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const account = Account.parse(await (await fetch(url, { headers })).json());
  const moved = Object.entries(seeded).filter(
    ([name, address]) => name.endsWith('_url') && account.settings[name] !== address,
  );
  if (moved.length === 0) return;
  const body = JSON.stringify({ ...account, settings: { ...account.settings, ...Object.fromEntries(moved) } });
  const { status } = await fetch(url, { method: 'PUT', headers, body });
  if (status !== 200) throw new Error(`the channel account could not follow the sandbox: ${status}`);
};
