import { Failure } from '#kernel/failure.ts';

import type { ChannelKind } from '#channels/channel.ts';

import { ConfigurationDocument } from './document.ts';
import type { ConfigurationStore } from './store.ts';

interface Deps {
  readonly configuration: Pick<ConfigurationStore, 'put'>;
  readonly channelKind: (name: string) => ChannelKind | undefined;
  readonly writeAppSecrets: (values: Readonly<Record<string, unknown>>) => Promise<void>;
  readonly writeChannelSecrets: (values: Readonly<Record<string, unknown>>) => Promise<void>;
  readonly loopbackAllowed: boolean;
}

const refuse = (pointer: string, detail: string): never => {
  throw new Failure('invalid_request', { errors: [{ pointer, detail }] });
};

/** Channels are called over https; over http only where the deployment allows loopback, and only there. */
const checkAddress = (pointer: string, address: unknown, loopbackAllowed: boolean) => {
  if (typeof address !== 'string') return;
  const { protocol, hostname } = new URL(address);
  const loopback = hostname === '127.0.0.1' || hostname === 'localhost' || hostname === '[::1]';
  if (protocol === 'https:' && !loopback) return;
  if (!(loopback && loopbackAllowed)) refuse(pointer, 'a channel is called over https');
};

/** Checks the whole document, then writes it: secrets first, so that no row points at one that is missing. */
export const importConfiguration = async (deps: Deps, input: unknown): Promise<{ written: number }> => {
  const document = ConfigurationDocument.parse(input);
  document.channel_accounts.forEach(({ id, channel, ownership, settings }, index) => {
    const kind = deps.channelKind(channel) ?? refuse(`/channel_accounts/${index}/channel`, 'there is no such channel');
    if (ownership === 'own')
      refuse(`/channel_accounts/${index}/ownership`, 'own accounts are not supported yet: the platform collects');
    if (!kind.settings.safeParse(settings).success)
      refuse(`/channel_accounts/${index}/settings`, 'these are not the settings of this channel');
    checkAddress(`/channel_accounts/${index}/settings/base_url`, settings['base_url'], deps.loopbackAllowed);
    const secrets = document.secrets.channel_accounts[id];
    if (secrets && !kind.secrets.safeParse(secrets).success)
      refuse(`/secrets/channel_accounts/${id}`, 'these are not the secrets of this channel');
  });

  await deps.writeAppSecrets(document.secrets.apps);
  await deps.writeChannelSecrets(document.secrets.channel_accounts);
  const rows = [
    ...document.fee_plans.map((row) => deps.configuration.put('fee_plan', row)),
    ...document.settlement_plans.map((row) => deps.configuration.put('settlement_plan', row)),
    ...document.channel_accounts.map((row) => deps.configuration.put('channel_account', row)),
    ...document.merchants.map((row) => deps.configuration.put('merchant', row)),
    ...document.apps.map((row) => deps.configuration.put('app', row)),
    ...document.keys.map((row) => deps.configuration.put('key', row)),
  ];
  await Promise.all(rows);
  return { written: rows.length };
};
