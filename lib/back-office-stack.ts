import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

import { Approvals } from './capabilities/approvals.ts';
import { Configuration } from './capabilities/configuration.ts';
import { Decisions } from './capabilities/decisions.ts';
import { Onboarding } from './capabilities/onboarding.ts';
import { Reconciliation } from './capabilities/reconciliation.ts';
import { Transfers } from './capabilities/remittances.ts';
import { Settlement } from './capabilities/settlement.ts';
import { StatementFetch } from './capabilities/statement-fetch.ts';
import { Traces } from './capabilities/traces.ts';
import { Operations } from './operations/operations.ts';
import type { ServiceStack } from './service-stack.ts';
import { tagged } from './tagged.ts';

interface BackOfficeStackProps extends StackProps {
  readonly service: ServiceStack;
}

/** What finance and operations meet, and what runs by the clock. It can be deployed again from scratch. */
export class BackOfficeStack extends Stack {
  constructor(scope: Construct, id: string, { service, ...props }: BackOfficeStackProps) {
    super(scope, id, {
      ...props,
      description: 'Suanpan: reconciliation, settlement, the desks, configuration, operations',
    });
    tagged(this);
    const { shared } = service;
    new Reconciliation(this, 'Reconciliation', shared);
    new StatementFetch(this, 'StatementFetch', shared);
    new Settlement(this, 'Settlement', shared);
    new Decisions(this, 'Decisions', shared);
    new Approvals(this, 'Approvals', shared);
    new Transfers(this, 'Transfers', shared);
    new Configuration(this, 'Configuration', shared);
    new Onboarding(this, 'Onboarding', shared);
    new Traces(this, 'Traces', shared);
    new Operations(this, 'Operations', { ...shared, stacks: [service, this] });
  }
}
