import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnStage, DomainName, HttpApi, SecurityPolicy } from 'aws-cdk-lib/aws-apigatewayv2';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

import { switchOf } from '../switches.ts';

/** What is written of each request. Neither the path's parameters in clear nor a header: ids are enough to find it. */
const logged = {
  request_id: '$context.requestId',
  at: '$context.requestTime',
  ip: '$context.identity.sourceIp',
  route: '$context.routeKey',
  status: '$context.status',
  ms: '$context.responseLatency',
  integration_ms: '$context.integrationLatency',
  integration_error: '$context.integrationErrorMessage',
  refused_by: '$context.authorizer.error',
};

/** The HTTP API: throttled, logged, and under a domain of its own where it was given one. */
export class PublicApi extends Construct {
  readonly api: HttpApi;
  /** Under which apps and channels reach it. */
  readonly url: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const domain = this.#domain();
    this.api = new HttpApi(this, 'Http', {
      description: 'Suanpan',
      ...(domain && { defaultDomainMapping: { domainName: domain }, disableExecuteApiEndpoint: true }),
    });
    this.url = domain ? `https://${domain.name}` : this.api.apiEndpoint;
    const stage = this.api.defaultStage?.node.defaultChild;
    if (!(stage instanceof CfnStage)) throw new Error('the API has no stage');
    const log = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    stage.defaultRouteSettings = {
      throttlingBurstLimit: 1_000,
      throttlingRateLimit: 500,
    };
    stage.accessLogSettings = { destinationArn: log.logGroupArn, format: JSON.stringify(logged) };
  }

  #domain(): DomainName | undefined {
    const [domainName, certificateArn] = [switchOf(this, 'domainName'), switchOf(this, 'certificateArn')];
    if (domainName === undefined) return undefined;
    if (certificateArn === undefined) throw new Error('domainName is given without certificateArn');
    return new DomainName(this, 'Domain', {
      domainName,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
  }
}
