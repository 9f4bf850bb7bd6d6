import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

import { AlarmWithRunbook, type AlarmWithRunbookProps } from '../constructs/alarm-with-runbook.ts';

type Risk = Omit<AlarmWithRunbookProps, 'metric'> & {
  /** As the functions count it: a test compares both sides. */
  readonly metric: string;
  readonly minutes?: number;
};

/**
 * Counted by looks that may be so many hours apart: one of them is enough until the next, with two hours to spare. So the alarm
 * stays while there is one, and as long after the last.
 */
const lookedAtEvery = (hours: number): Pick<Risk, 'minutes' | 'outOf'> => ({ minutes: 60, outOf: [1, hours + 2] });

/** What the functions count when money, or the news of it, is not where it should be. */
export const risks: readonly Risk[] = [
  {
    metric: 'MoneyUnknown',
    ...lookedAtEvery(12),
    whoIsHurt: 'payers who may have paid, and apps that cannot know it',
    runbook: 'docs/runbooks/money-unknown.md',
  },
  {
    metric: 'RefundStuck',
    ...lookedAtEvery(12),
    whoIsHurt: 'payers who wait for their money; merchants, whose money is held for it',
    runbook: 'docs/runbooks/refund-stuck.md',
  },
  {
    metric: 'AgreementStuck',
    ...lookedAtEvery(12),
    whoIsHurt:
      'payers whose agreement may still stand at the channel although its end was asked for, or is thought over',
    runbook: 'docs/runbooks/agreement-stuck.md',
  },
  {
    metric: 'MismatchReceived',
    whoIsHurt: 'a payer whose money is in suspense, because it is not what was asked for',
    runbook: 'docs/runbooks/suspense.md',
  },
  {
    metric: 'PaidOutLate',
    whoIsHurt:
      'the company: money left for a payout that the books had given back, and may have been paid a second time',
    runbook: 'docs/runbooks/paid-out-late.md',
  },
  {
    metric: 'PayoutUnconfirmed',
    ...lookedAtEvery(24),
    whoIsHurt: 'merchants and payers who were to be paid by hand days ago: nobody has said that they were',
    runbook: 'docs/runbooks/payout-unconfirmed.md',
  },
  {
    metric: 'SuspenseAged',
    minutes: 1_440,
    whoIsHurt: 'payers and merchants whose money has been in an open difference for days',
    runbook: 'docs/runbooks/suspense.md',
  },
  {
    metric: 'SettlementBlocked',
    minutes: 60,
    whoIsHurt: 'merchants of a channel account whose money is due and not released',
    runbook: 'docs/runbooks/settlement-blocked.md',
  },
  {
    metric: 'NoticeEighthFailure',
    whoIsHurt: 'an app that has not taken a notice for hours: its orders stand still',
    runbook: 'docs/runbooks/notices.md',
  },
  {
    metric: 'NoticeExhausted',
    whoIsHurt: 'an app that was not told at all, and will not be, unless somebody does it',
    runbook: 'docs/runbooks/notices.md',
  },
  {
    metric: 'FleetingNotDelivered',
    whoIsHurt: 'a payer who waits for a code that the app was not told, and cannot pay',
    runbook: 'docs/runbooks/notices.md',
  },
  {
    metric: 'NoticesOverdue',
    outOf: [3, 3],
    whoIsHurt: 'apps whose notices are due and not delivered: the sweep or its queue does not keep up',
    runbook: 'docs/runbooks/sweep.md',
  },
  {
    metric: 'LooksOverdue',
    outOf: [3, 3],
    whoIsHurt: 'payers and apps: channels are not asked about payments and refunds that are due',
    runbook: 'docs/runbooks/sweep.md',
  },
  {
    metric: 'ChangeNotUnderstood',
    whoIsHurt: 'merchants: the books stand still behind one change',
    runbook: 'docs/runbooks/change-not-understood.md',
  },
  {
    metric: 'CallbackRefused',
    threshold: 10,
    whoIsHurt:
      'payers whose payments are learnt of late, when the channel’s keys changed; nobody, when somebody forges',
    runbook: 'docs/runbooks/callbacks.md',
  },
  {
    metric: 'CallbackQuarantined',
    whoIsHurt: 'a payer who has paid for an order that we do not know',
    runbook: 'docs/runbooks/callbacks.md',
  },
  {
    metric: 'StatementLate',
    whoIsHurt: 'finance and merchants: a day cannot be reconciled, and its money is not released',
    runbook: 'docs/runbooks/statements.md',
  },
  {
    metric: 'StatementIgnored',
    whoIsHurt: 'finance: a statement was put where nothing reads it, so its day stays open',
    runbook: 'docs/runbooks/statements.md',
  },
];

export const riskMetric = ({ metric, minutes = 5 }: Pick<Risk, 'metric' | 'minutes'>): Metric =>
  new Metric({ namespace: 'Suanpan', metricName: metric, statistic: 'Sum', period: Duration.minutes(minutes) });

/** Alarms on money at risk. */
export class MoneyAtRisk extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    for (const risk of risks) new AlarmWithRunbook(this, risk.metric, { ...risk, metric: riskMetric(risk) });
  }
}
