import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccountRecovery, CfnUserPoolGroup, Mfa, UserPool } from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';

import { acknowledged } from '../acknowledged.ts';

/** One group for each role; a token lists its bearer's groups in `cognito:groups`. */
const groups = ['admin', 'operations', 'product', 'finance_maker', 'finance_checker', 'risk', 'support'] as const;

/**
 * Who may use the console, in Cognito, where a region has it and a company has no issuer of its own. Nobody signs up by
 * themselves, and everybody has a second factor.
 */
export class OperatorPool extends Construct {
  readonly issuer: string;
  readonly audience: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const pool = new UserPool(this, 'Pool', {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      passwordPolicy: { minLength: 12, tempPasswordValidity: Duration.days(3) },
      accountRecovery: AccountRecovery.NONE,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledged(
      pool,
      'Twelve characters and a second factor, always; classes of characters make passwords worse. The plan is the company’s',
      'AwsSolutions-COG1',
      'AwsSolutions-COG8',
    );
    for (const groupName of groups)
      new CfnUserPoolGroup(this, `Group-${groupName}`, { userPoolId: pool.userPoolId, groupName });
    const client = pool.addClient('Console', {
      authFlows: { userSrp: true },
      disableOAuth: true,
      generateSecret: false,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      accessTokenValidity: Duration.minutes(15),
      idTokenValidity: Duration.minutes(15),
      refreshTokenValidity: Duration.hours(12),
    });
    this.issuer = pool.userPoolProviderUrl;
    this.audience = client.userPoolClientId;
  }
}
