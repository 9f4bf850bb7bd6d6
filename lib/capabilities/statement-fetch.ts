import { Duration, TimeZone } from 'aws-cdk-lib';
import { ContextAttribute, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';

import { ServiceFunction } from '../constructs/service-function.ts';
import { Timer } from '../constructs/timer.ts';
import { inBooks, inConfig, inOrders, readsChannels, readsFiles, writesFiles } from './grants.ts';
import type { Shared } from './shared.ts';

/** Brings each channel's statements of the day before to where statements arrive. */
export class StatementFetch extends Construct {
  constructor(scope: Construct, id: string, { data, bus }: Shared) {
    super(scope, id);

    const fetching = new ServiceFunction(this, 'Run', {
      entry: 'reconciliation/fetching/schedule',
      description: 'Fetches the statements of the day before from the channels, until each has come',
      environment: {
        ORDERS_TABLE: data.orders.tableName,
        BOOKS_TABLE: data.books.tableName,
        CONFIG_TABLE: data.config.tableName,
        STATEMENTS_BUCKET: data.statements.bucketName,
        CHANNEL_SECRETS: data.channelSecrets.secretArn,
        BUS: bus.eventBusName,
      },
      timeout: Duration.minutes(14),
      memorySize: 1_769,
    });
    inBooks(fetching, data, 'GetItem', 'PutItem');
    inConfig(fetching, data, 'Query');
    inOrders(fetching, data, 'BatchGetItem', 'Query');
    readsChannels(fetching, data);
    readsFiles(fetching, data, 'statements');
    writesFiles(fetching, data, 'statements');
    bus.grantPutEventsTo(fetching);

    // Which accounts are due, each by a clock of its own time zone, is decided in the run; here only how often there is one.
    new Timer(this, 'HalfHourly', {
      description: 'Fetches statements from 10:30 on, again and again while a channel has none',
      schedule: ScheduleExpression.cron({ minute: '0,30', timeZone: TimeZone.ETC_UTC }),
      input: ScheduleTargetInput.fromObject({ scheduled_at: ContextAttribute.scheduledTime }),
      target: fetching,
      worthwhileFor: Duration.minutes(30),
    });
  }
}
