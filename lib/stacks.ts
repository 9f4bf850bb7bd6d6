import type { App } from 'aws-cdk-lib';

import { BackOfficeStack } from './back-office-stack.ts';
import { DataStack } from './data-stack.ts';
import { ServiceStack } from './service-stack.ts';

/** By what may be destroyed, then by who meets it: data stays; the service is the payers'; the back office is the desk's. */
export const stacksIn = (app: App) => {
  const data = new DataStack(app, 'SuanpanData', {});
  const service = new ServiceStack(app, 'SuanpanService', { data });
  const backOffice = new BackOfficeStack(app, 'SuanpanBackOffice', { service });
  return { data, service, backOffice };
};
