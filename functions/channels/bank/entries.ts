import type { ChannelAccount } from '#channels/account.ts';
import type { BankStatement } from '#channels/bank-statement.ts';

import { Settings } from './settings.ts';
import { readBankFile } from './statements/read.ts';

/** The entries of a file that the bank has written in the way that the account's settings say. */
export const readEntries = (bytes: Buffer, { settings }: ChannelAccount): readonly BankStatement[] => {
  const { statement, account } = Settings.parse(settings);
  return readBankFile(bytes, statement, account);
};
