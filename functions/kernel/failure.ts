/** Every refusal there is: its status, its title and what a caller should do. A closed catalogue. */
const catalogue = {
  invalid_request: [400, 'The request is not valid', 'do_not_retry'],
  signature_invalid: [401, 'The signature is not valid', 'do_not_retry'],
  unauthorized: [401, 'A valid bearer token is needed', 'do_not_retry'],
  app_suspended: [403, 'The app is suspended', 'do_not_retry'],
  merchant_not_active: [403, 'The merchant is not active', 'do_not_retry'],
  role_required: [403, 'The role does not allow this', 'do_not_retry'],
  same_person: [403, 'Whoever submitted it may not decide it', 'do_not_retry'],
  not_found: [404, 'There is no such thing', 'do_not_retry'],
  idempotency_conflict: [409, 'The number was used before with other content', 'do_not_retry'],
  conflict: [409, 'Somebody else changed this at the same time', 'retry'],
  attempt_in_flight: [409, 'Another attempt is not known to be closed', 'query_first'],
  too_many_attempts: [409, 'The payment has used all its attempts', 'do_not_retry'],
  payment_not_open: [409, 'The payment is no longer open', 'query_first'],
  payment_not_challenged: [409, 'The payment waits for no answer', 'query_first'],
  challenge_pending: [409, 'The payment waits for the answer to its challenge', 'query_first'],
  payment_not_refundable: [409, 'The payment cannot be refunded as it stands', 'query_first'],
  hold_already_posted: [409, 'The hold has been posted', 'query_first'],
  hold_already_voided: [409, 'The hold has been voided', 'query_first'],
  hold_expired: [409, 'The hold has expired', 'do_not_retry'],
  agreement_not_active: [409, 'The agreement has not been signed', 'query_first'],
  action_not_possible: [409, 'This cannot be done as things stand', 'query_first'],
  approval_stale: [409, 'What was submitted is no longer what would happen', 'query_first'],
  approval_decided: [409, 'It has been decided', 'query_first'],
  batch_running: [409, 'The batch is not finished yet', 'query_first'],
  body_too_large: [413, 'The body is too large', 'do_not_retry'],
  method_required: [422, 'A payment method is required', 'do_not_retry'],
  method_not_available: [422, 'No channel account of the merchant offers this method', 'do_not_retry'],
  payer_member_required: [422, 'The method needs another member of payer', 'do_not_retry'],
  amount_out_of_range: [422, 'The amount is outside what the channel allows', 'do_not_retry'],
  currency_not_supported: [422, 'The channel account does not take this currency', 'do_not_retry'],
  url_not_allowed: [422, 'The address is not allowed', 'do_not_retry'],
  payer_code_unknown: [422, 'The payer’s code is not known', 'do_not_retry'],
  agreement_not_available: [422, 'No channel account of the merchant signs agreements in this way', 'do_not_retry'],
  agreement_terminated: [422, 'The agreement has been terminated', 'do_not_retry'],
  agreement_limit_exceeded: [422, 'More than the payer has agreed to', 'do_not_retry'],
  account_not_chargeable: [422, 'This account cannot be charged', 'do_not_retry'],
  post_exceeds_hold: [422, 'More than is held cannot be posted', 'do_not_retry'],
  sign_in_failed: [422, 'The payer’s wallet did not say who they are', 'retry'],
  challenge_failed: [422, 'The answer is not right', 'do_not_retry'],
  challenge_expired: [422, 'The code has run out: ask for another', 'do_not_retry'],
  refund_exceeds_refundable: [422, 'The refund exceeds what can be refunded', 'do_not_retry'],
  refund_window_closed: [422, 'The payment is too old to be refunded on its channel', 'do_not_retry'],
  payout_not_available: [422, 'No channel account of the merchant pays out to such an account', 'do_not_retry'],
  insufficient_balance: [422, 'The balance does not suffice', 'retry'],
  unsupported: [422, 'This is not supported', 'do_not_retry'],
  too_many_requests: [429, 'Too many requests', 'retry'],
  busy: [503, 'Try again', 'retry'],
} as const satisfies Record<string, readonly [number, string, 'retry' | 'do_not_retry' | 'query_first']>;

export type FailureCode = keyof typeof catalogue;

/** An expected refusal. Anything else thrown is a bug or an outage: it stays a 500 and pages someone. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  /** What a caller may read beside the code: a sentence, or the places that are wrong. */
  readonly details: { readonly detail?: string; readonly errors?: readonly { pointer: string; detail: string }[] };

  constructor(code: FailureCode, details: Failure['details'] = {}, options?: ErrorOptions) {
    super(details.detail === undefined ? code : `${code}: ${details.detail}`, options);
    this.code = code;
    this.details = details;
  }

  get status() {
    return catalogue[this.code][0];
  }

  get title() {
    return catalogue[this.code][1];
  }

  get retry() {
    return catalogue[this.code][2];
  }
}

/** A fact that the code relies on. When it is not so there is a bug, and nothing may be written. */
export function invariant(fact: boolean, message: string): asserts fact {
  if (!fact) throw new Error(`invariant: ${message}`);
}
