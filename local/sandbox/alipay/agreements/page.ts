import { answerAgreement, type ShownAgreement } from '../../agreement-page.ts';
import type { Call, Reply } from '../../server.ts';
import type { Desk } from '../desk.ts';
import { touchAgreement } from './agreements.ts';
import type { Agreement } from './book.ts';

const states = { OFFERED: 'open', REFUSED: 'refused', NORMAL: 'signed', UNSIGN: 'ended' } as const;

const shown = (agreement: Agreement): ShownAgreement => ({
  token: agreement.token,
  subject: agreement.sign_scene,
  number: agreement.external_agreement_no,
  amountMax: agreement.single_amount,
  state: states[agreement.status],
  returnUrl: agreement.return_url,
});

export const answerAgreementPage = (desk: Desk, call: Call): Reply =>
  answerAgreement(
    {
      channel: '支付宝',
      find: (token) => {
        const agreement = desk.agreements.named('token', token);
        return agreement && shown(agreement);
      },
      touch: ({ number }, gesture) => desk.store.transaction(() => touchAgreement(desk, number, gesture)),
    },
    call,
  );
