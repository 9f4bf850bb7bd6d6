import type { IConstruct } from 'constructs';

/** By capability: who suffers while its functions fail. */
const hurt: Readonly<Record<string, string>> = {
  PaymentDesk: 'payers who cannot pay, and apps that do not know whether they were paid',
  BooksAndNotices: 'merchants whose balances stand still, and apps that are not told of money',
  Reconciliation: 'finance, whose day is not reconciled; merchants, whose settlement waits for it',
  StatementFetch: 'finance, who must fetch statements by hand; merchants, whose settlement waits for them',
  Approvals: 'finance, who cannot decide about money in suspense; payers, who wait for it',
  Remittances: 'payers by bank transfer, who cannot say that they have paid',
  Transfers: 'finance, who cannot see whose a bank transfer is; payers, who wait for it',
  Settlement: 'merchants who are not given their money',
  Configuration: 'operators, who cannot change keys, merchants, accounts or plans',
  Front: 'developers who read the API',
};

/** The capability of a construct: what stands directly below the stack. */
export const capabilityOf = (construct: IConstruct): string => construct.node.scopes[2]?.node.id ?? construct.node.id;

/** Of a capability that does not say it, the function's own description is all there is; a test asks for more. */
export const whoIsHurtBy = (construct: IConstruct, description: string): string =>
  hurt[capabilityOf(construct)] ?? `whoever needs what fails: ${description}`;
