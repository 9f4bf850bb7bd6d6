import type { Construct } from 'constructs';

/** What a deployment may turn on, by CDK context (`-c name=value`). docs/operations.md says what each costs and why it is off. */
interface Switches {
  /** The API's own domain. With it goes the ARN of a certificate; the generated address is then closed. */
  readonly domainName?: string;
  readonly certificateArn?: string;
  /** Who is told of alarms by e-mail. */
  readonly alarmEmail?: string;
  /** A vault in another region or account that backups are copied to. */
  readonly backupCopyVaultArn?: string;
  /** `yes`: backups are restored and checked every month. */
  readonly restoreTesting?: string;
  /** `yes`: card numbers are masked in the functions' logs. */
  readonly maskCardNumbers?: string;
  /** US dollars a month from whose forecast on the alarm address is told. */
  readonly monthlyBudget?: string;
  /** `yes`: AWS Config looks for resources that were changed by hand. */
  readonly driftDetection?: string;
  /** `yes`: what may fail is an objective of CloudWatch Application Signals, too. */
  readonly serviceLevels?: string;
  /** `yes`: operators are kept in Cognito; without, they come from whatever issuer the service stack is told of. */
  readonly cognito?: string;
  readonly environment?: string;
  readonly costCenter?: string;
}

/** The text of a switch; nothing where it is off. */
export const switchOf = (scope: Construct, name: keyof Switches): string | undefined => {
  const value: unknown = scope.node.tryGetContext(name);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
};

export const isOn = (scope: Construct, name: keyof Switches): boolean =>
  ['yes', 'true'].includes(switchOf(scope, name) ?? '');
