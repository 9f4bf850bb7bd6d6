import { Stack } from 'aws-cdk-lib';
import { QueryDefinition, QueryString, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

const about = ['@timestamp', 'level', 'message', '@log'];

/** What one looks for first, by the name under which the console lists it. docs/runbooks says when. */
const queries: Readonly<Record<string, ConstructorParameters<typeof QueryString>[0]>> = {
  'Errors, newest first': {
    fields: [...about, 'error', 'cause', 'trace_id'],
    filterStatements: ['level = "ERROR"'],
    sort: '@timestamp desc',
    limit: 100,
  },
  'Errors by cause': {
    filterStatements: ['level = "ERROR"'],
    statsStatements: ['count(*) as times by message, error, @log'],
    sort: 'times desc',
  },
  'Everything about one payment, refund or notice': {
    fields: [...about, 'cause', 'metric'],
    filterStatements: ['@message like /REPLACE_WITH_ID/'],
    sort: '@timestamp asc',
    limit: 500,
  },
  'One request, by its trace id': {
    fields: [...about, 'code', 'detail', 'cause', 'stack'],
    filterStatements: ['trace_id = "REPLACE_WITH_TRACE_ID"'],
    sort: '@timestamp asc',
  },
  'Refusals by code': {
    filterStatements: ['message = "refused"'],
    statsStatements: ['count(*) as times by code'],
    sort: 'times desc',
  },
  'Outages of channels': {
    fields: ['@timestamp', 'what', 'error', 'cause'],
    filterStatements: ['message = "channel outage"'],
    sort: '@timestamp desc',
    limit: 200,
  },
  'Notices that apps do not take': {
    filterStatements: ['message = "an app does not take its notices"'],
    statsStatements: ['count(*) as times, max(attempt) as attempts by app_id, status, error'],
    sort: 'times desc',
  },
};

export class Queries extends Construct {
  constructor(scope: Construct, id: string, logGroups: ILogGroup[]) {
    super(scope, id);
    for (const [name, query] of Object.entries(queries))
      new QueryDefinition(this, name.replaceAll(/[^A-Za-z]/g, ''), {
        queryDefinitionName: `${Stack.of(this).stackName}/${name}`,
        queryString: new QueryString(query),
        logGroups,
      });
  }
}
