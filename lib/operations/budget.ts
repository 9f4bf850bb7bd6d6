import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Construct } from 'constructs';

import { switchOf } from '../switches.ts';

/** Tells the address of alarms when the month's bill of this project is forecast to pass the budget. */
export class Budget extends Construct {
  constructor(scope: Construct, id: string, amount: string) {
    super(scope, id);
    const address = switchOf(this, 'alarmEmail');
    if (address === undefined) throw new Error('monthlyBudget needs alarmEmail: somebody has to be told');
    const tell = (notificationType: string, threshold: number) => ({
      notification: { notificationType, threshold, comparisonOperator: 'GREATER_THAN', thresholdType: 'PERCENTAGE' },
      subscribers: [{ subscriptionType: 'EMAIL', address }],
    });
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: Number(amount), unit: 'USD' },
        // The tag must be activated for cost allocation once, by hand.
        costFilters: { TagKeyValue: ['user:project$suanpan'] },
      },
      notificationsWithSubscribers: [tell('FORECASTED', 100), tell('ACTUAL', 100)],
    });
  }
}
