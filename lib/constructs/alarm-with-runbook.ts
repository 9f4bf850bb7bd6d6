import { Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

import { acknowledged } from '../acknowledged.ts';
import { switchOf } from '../switches.ts';

/** `docs/runbooks/<name>.md` */
export type Runbook = `docs/runbooks/${string}.md`;

export interface AlarmWithRunbookProps {
  readonly metric: IMetric;
  /** Who suffers, and how, while this goes on: the reason to get up at night, or not to. */
  readonly whoIsHurt: string;
  readonly runbook: Runbook;
  /** One such figure is enough, unless it says otherwise. */
  readonly threshold?: number;
  /** So many of the last so many periods. */
  readonly outOf?: readonly [periods: number, all: number];
  /** Alarms when the figure is below the threshold, or when there is none. */
  readonly isHeartbeat?: boolean;
}

/** An alarm that tells whoever is woken by it who is hurt and where it is written what to do. */
export class AlarmWithRunbook extends Construct {
  readonly alarm: Alarm;
  readonly runbook: Runbook;

  constructor(scope: Construct, id: string, props: AlarmWithRunbookProps) {
    super(scope, id);
    const { metric, whoIsHurt, runbook, threshold = 1, outOf: [datapointsToAlarm, evaluationPeriods] = [1, 1] } = props;
    this.runbook = runbook;
    this.alarm = new Alarm(this, 'Alarm', {
      metric,
      threshold,
      datapointsToAlarm,
      evaluationPeriods,
      comparisonOperator: props.isHeartbeat
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // Nothing is counted where nothing happens; of a heartbeat, silence is the alarm.
      treatMissingData: props.isHeartbeat ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      alarmDescription: `Who is hurt: ${whoIsHurt}\nWhat to do: ${runbook}`,
    });
    const action = new SnsAction(alarmTopic(this));
    this.alarm.addAlarmAction(action);
    this.alarm.addOkAction(action);
  }
}

/** The one topic of a stack that all its alarms go to. */
const alarmTopic = (scope: Construct): Topic => {
  const stack = Stack.of(scope);
  const existing = stack.node.tryFindChild('Alarms');
  if (existing instanceof Topic) return existing;
  const topic = new Topic(stack, 'Alarms', { enforceSSL: true });
  const email = switchOf(stack, 'alarmEmail');
  if (email !== undefined)
    acknowledged(
      topic.addSubscription(new EmailSubscription(email)),
      'A mail that cannot be delivered is no message to try again later: the alarm itself stays red',
      'Serverless-SNSRedrivePolicy',
    );
  return topic;
};
