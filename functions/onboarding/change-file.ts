import { isDeepStrictEqual } from 'node:util';

import type { Act } from '#audit/audit.ts';
import type { AuditStore } from '#audit/store.ts';
import type { ConfigurationStore } from '#configuration/store.ts';
import { documentKey, type DocumentToFile, type Upload } from '#documents/document.ts';
import type { DocumentStore } from '#documents/store.ts';
import { Failure } from '#kernel/failure.ts';
import { newId } from '#kernel/id.ts';
import { Merchant, type MerchantStatus } from '#merchants/merchant.ts';
import type { Operator } from '#platform/operator.ts';

import {
  masked,
  writtenBy,
  type DocumentKind,
  type MerchantDocument,
  type MerchantFile,
  type Particulars,
} from './file.ts';
import type { FileStore } from './store.ts';

export interface Deps {
  readonly configuration: Pick<ConfigurationStore, 'find' | 'write'>;
  readonly files: FileStore;
  readonly documents: DocumentStore;
  readonly audited: AuditStore['audited'];
  readonly chance: (bytes: number) => Buffer;
  readonly now: () => Date;
}

/** A merchant as it stands, past every cache, with its file. */
export const standing = async (
  { configuration, files }: Pick<Deps, 'configuration' | 'files'>,
  id: Merchant['id'],
): Promise<{ merchant: Merchant; version: number; file: MerchantFile }> => {
  const found = await configuration.find('merchant', id);
  if (!found) throw new Failure('not_found');
  return { merchant: Merchant.parse(found.row), version: found.version, file: await files.of(id) };
};

const refuse = (detail: string): never => {
  throw new Failure('action_not_possible', { detail });
};

const shown = (particulars: Particulars | undefined) =>
  particulars
    ? {
        ...particulars,
        bank_account: { ...particulars.bank_account, account: masked(particulars.bank_account.account) },
      }
    : null;

/** While it is reviewed a file stays as it is; what was reviewed changes only in how people are reached. */
const checkChange = (status: MerchantStatus, before: Particulars | undefined, after: Particulars): void => {
  if (status === 'reviewing' || status === 'closed' || status === 'rejected') refuse(`the merchant is ${status}`);
  // A merchant of before there were files is written down as it is.
  if (status === 'applied' || !before) return;
  const changed = (['holder', 'bank_account'] as const).filter((name) => !isDeepStrictEqual(before[name], after[name]));
  if (changed.length > 0)
    throw new Failure('invalid_request', {
      errors: changed.map((name) => ({
        pointer: `/${name}`,
        detail: 'this was reviewed: it needs a fresh application',
      })),
    });
};

const fileAct = ({ merchant_id }: MerchantFile, before: Act['before'], after: Act['after']): Act => ({
  action: before ? 'replace' : 'create',
  subject: { kind: 'merchant_file', id: merchant_id },
  before,
  after,
});

/** 进件: says who the merchant is, over the version of its file that was read. What stands there already changes nothing. */
export const changeFile = async (
  deps: Deps,
  operator: Operator,
  { id, version, particulars }: { id: Merchant['id']; version: number; particulars: Particulars },
): Promise<MerchantFile> => {
  const { merchant, file } = await standing(deps, id);
  if (isDeepStrictEqual(file.particulars, particulars)) return file;
  if (file.version !== version)
    throw new Failure('conflict', { detail: `it stands at version ${file.version}: read it again` });
  checkChange(merchant.status, file.particulars, particulars);
  const after = writtenBy({ ...file, particulars }, operator.id);
  const act = fileAct(file, shown(file.particulars), shown(particulars));
  const refusals = await deps.audited(operator, act, deps.files.write(after));
  if (refusals.length > 0) throw new Failure('conflict');
  return { ...after, version: after.version + 1 };
};

const documentsAtMost = 30;

/** A day after it was announced nobody sends it any more: what has not come by then makes room. */
const awaitedFor = 86_400_000;

const lost = async ({ documents, now }: Deps, document: MerchantDocument): Promise<boolean> =>
  now().getTime() - document.asked_at.getTime() > awaitedFor && !(await documents.isFiled(document));

/** Announces a document: answers how to send it. It counts once it has come, exactly as it was announced. */
export const addDocument = async (
  deps: Deps,
  operator: Operator,
  { id, kind, ...said }: DocumentToFile & { id: Merchant['id']; kind: DocumentKind },
): Promise<{ document: MerchantDocument; upload: Upload }> => {
  const { merchant, file } = await standing(deps, id);
  const { status } = merchant;
  if (status === 'reviewing' || status === 'closed' || status === 'rejected') refuse(`the merchant is ${status}`);
  const isLost = await Promise.all(file.documents.map((each) => lost(deps, each)));
  const kept = file.documents.filter((_, index) => !isLost[index]);
  if (kept.length >= documentsAtMost) refuse(`a file has at most ${documentsAtMost} documents`);
  const now = deps.now();
  const document: MerchantDocument = {
    ...said,
    kind,
    id: newId('doc', now),
    key: documentKey(id, deps.chance(32)),
    asked_at: now,
    asked_by: operator.id,
  };
  const after = writtenBy({ ...file, documents: [...kept, document] }, operator.id);
  const act = fileAct(file, null, { document: { id: document.id, kind, ...said } });
  const refusals = await deps.audited(operator, act, deps.files.write(after));
  if (refusals.length > 0) throw new Failure('conflict', { detail: 'somebody else has changed the file: try again' });
  return { document, upload: await deps.documents.uploadOf(document) };
};
